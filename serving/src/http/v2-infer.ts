import {
  bodyInvalid,
  checkShape,
  DATATYPES,
  inputSpec,
  isDatatype,
  listed,
  ServingError,
  type Signature,
  shortened,
  type Tensor,
  tensorInvalid,
} from '@berth/core/inference';
import { exactFloat, readData, writeData } from '@berth/core/json-tensors';
import { closest, isRecord, shown } from '@berth/core/schema';
import type { InferenceRequest } from '../data-plane/data-plane.ts';
import type { LoadedModel } from '../models/model.ts';

/** An Open Inference Protocol v2 request in its JSON form, translated. */
export type V2Request = InferenceRequest & { readonly id: string | undefined };

type Json = Readonly<Record<string, unknown>>;

/** `model_name` is not the protocol's, but KServe's client sends it. */
const REQUEST_FIELDS = ['id', 'parameters', 'inputs', 'outputs', 'model_name'];
const INPUT_FIELDS = ['name', 'shape', 'datatype', 'parameters', 'data'];
const OUTPUT_FIELDS = ['name', 'parameters'];

/** Parameters that ask for an extension of the protocol which is not built: ignoring one would answer wrongly. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  binary_data: 'the binary tensor extension',
  binary_data_output: 'the binary tensor extension',
  binary_data_size: 'the binary tensor extension',
  classification: 'the classification extension',
  priority: 'request priority',
  sequence_end: 'sequences',
  sequence_id: 'sequences',
  sequence_start: 'sequences',
  shared_memory_byte_size: 'shared memory',
  shared_memory_offset: 'shared memory',
  shared_memory_region: 'shared memory',
};

/**
 * Reads the body of `POST /v2/models/{model}/infer`
 * (Open Inference Protocol, `inference_rest.md`, "Inference Request JSON Object").
 *
 * @throws ServingError `BodyInvalid`, `TensorInvalid`, `FeatureUnsupported`
 */
export function readV2Request({ name, signature }: Pick<LoadedModel, 'name' | 'signature'>, body: unknown): V2Request {
  const request = objectOf('the request', body, REQUEST_FIELDS);
  const { id, inputs, outputs, model_name = name } = request;
  if (model_name !== name) {
    throw bodyInvalid(`model_name: expected "${name}", as in the path, got ${shown(model_name)}`);
  }
  if (id !== undefined && typeof id !== 'string') throw bodyInvalid(`id: expected a text, got ${shown(id)}`);
  if (!Array.isArray(inputs)) throw bodyInvalid(`inputs: expected an array of tensors, got ${shown(inputs)}`);
  if (outputs !== undefined && !Array.isArray(outputs)) {
    throw bodyInvalid(`outputs: expected an array, got ${shown(outputs)}`);
  }
  const timeoutMs = timeoutOf(parametersOf('the request', request.parameters));
  return {
    id,
    inputs: inputs.map((input, at) => readInput(signature, input, `inputs[${at}]`)),
    outputs: outputs?.map((output, at) => readOutput(output, `outputs[${at}]`)),
    timeoutMs,
  };
}

function readInput(signature: Signature, json: unknown, path: string): Tensor {
  const input = objectOf(path, json, INPUT_FIELDS);
  const { name, datatype, shape, data } = input;
  if (typeof name !== 'string') throw bodyInvalid(`${path}.name: expected a text, got ${shown(name)}`);
  parametersOf(`input "${shortened(name)}"`, input.parameters);
  const spec = inputSpec(signature, name);
  if (!isDatatype(datatype)) {
    throw tensorInvalid(
      `input "${name}" has the datatype ${shown(datatype)}, which is none of ${DATATYPES.join(', ')}`,
    );
  }
  if (datatype !== spec.datatype) {
    throw tensorInvalid(`input "${name}" must have datatype ${spec.datatype}, got ${datatype}`);
  }
  checkShape(spec, readShape(name, shape));
  if (data === undefined) throw tensorInvalid(`input "${name}" has no data`);
  return { name, datatype, shape: shape as number[], data: readData(name, datatype, shape as number[], data) };
}

function readShape(name: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape)) {
    throw tensorInvalid(`input "${name}" must have a shape, an array of whole numbers, got ${shown(shape)}`);
  }
  let elements = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw tensorInvalid(
        `input "${name}" has shape ${shown(shape)}: expected whole numbers from 0, got ${shown(dimension)}`,
      );
    }
    elements *= dimension;
  }
  if (!Number.isSafeInteger(elements)) {
    throw tensorInvalid(`input "${name}" has shape ${shown(shape)}, which means more elements than can be`);
  }
  return shape;
}

function readOutput(json: unknown, path: string): string {
  const output = objectOf(path, json, OUTPUT_FIELDS);
  if (typeof output.name !== 'string') throw bodyInvalid(`${path}.name: expected a text, got ${shown(output.name)}`);
  parametersOf(`output "${shortened(output.name)}"`, output.parameters);
  return output.name;
}

/** The parameters of a request or tensor. Those of no known extension are the client's own and mean nothing here. */
function parametersOf(owner: string, parameters: unknown): Json {
  if (parameters === undefined) return {};
  if (!isRecord(parameters)) {
    throw bodyInvalid(`parameters of ${owner}: expected an object, got ${shown(parameters)}`);
  }
  for (const [key, value] of Object.entries(parameters)) {
    // A false switch asks for nothing, and Triton's client sends it.
    if (!Object.hasOwn(UNSUPPORTED, key) || value === false) continue;
    throw new ServingError(
      'FeatureUnsupported',
      `parameter "${key}" of ${owner}: ${UNSUPPORTED[key]} is not supported by this server`,
    );
  }
  return parameters;
}

/** Triton's schedule policy extension: `timeout` is in microseconds. */
function timeoutOf({ timeout }: Json): number | undefined {
  if (timeout === undefined) return undefined;
  if (!Number.isSafeInteger(timeout) || (timeout as number) < 0) {
    throw bodyInvalid(`parameter "timeout": expected microseconds as a whole number, got ${shown(timeout)}`);
  }
  return timeout === 0 ? undefined : (timeout as number) / 1000;
}

function objectOf(path: string, value: unknown, fields: readonly string[]): Json {
  if (!isRecord(value)) {
    throw bodyInvalid(`${path}: expected an object with ${listed(fields)}, got ${shown(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (fields.includes(key)) continue;
    const nearest = closest(key, fields);
    throw bodyInvalid(
      `${path}: unknown field "${shortened(key)}"; ${nearest === undefined ? `expected ${listed(fields)}` : `did you mean "${nearest}"?`}`,
    );
  }
  return value;
}

/** Writes the answer ("Inference Response JSON Object"): data flat and row-major. */
export function writeV2Response(model: string, version: string, id: string, outputs: readonly Tensor[]): string {
  let text = `{"model_name":${JSON.stringify(model)},"model_version":"${version}","id":${JSON.stringify(id)},"outputs":[`;
  for (let at = 0; at < outputs.length; at++) {
    const { name, datatype, shape, data } = outputs[at] as Tensor;
    text += `${at === 0 ? '' : ','}{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join()}],"data":${writeData(name, datatype, data, exactFloat)}}`;
  }
  return `${text}]}`;
}
