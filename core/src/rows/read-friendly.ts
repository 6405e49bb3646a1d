import {
  bodyInvalid,
  checkShape,
  elementCount,
  inputSpec,
  listed,
  ServingError,
  type Signature,
  shapeText,
  shortened,
  type Tensor,
  type TensorSpec,
  tensorInvalid,
} from '../inference/index.ts';
import { type ElementName, InexactInteger, readData } from '../json-tensors/index.ts';
import { closest, isRecord, shown } from '../schema/index.ts';

/**
 * Reads the friendly form of a request: one row (an object by feature name, or an array), an array of rows, or
 * `{"inputs": {tensor: data}}`. Shapes are found from the data and held against the signature.
 *
 * @throws ServingError `BodyInvalid` or `TensorInvalid`, saying which forms the model takes or what is wrong where
 */
export function readFriendly(
  signature: Signature,
  features: readonly string[] | undefined,
  body: unknown,
): readonly Tensor[] {
  if (isRecord(body) && Object.hasOwn(body, 'inputs') && isRecord(body.inputs)) {
    const extra = Object.keys(body).find((key) => key !== 'inputs');
    if (extra !== undefined) throw bodyInvalid(`unknown field "${shortened(extra)}" beside "inputs"`);
    return Object.entries(body.inputs).map(([name, value]) => readTensor(inputSpec(signature, name), value));
  }
  refuseOtherProtocols(signature, features, body);
  return readRows(signature, features, body);
}

/** Bodies of the other protocols, which a client sent to the wrong path; names of the model's own are no such body. */
function refuseOtherProtocols(signature: Signature, features: readonly string[] | undefined, body: unknown): void {
  if (!isRecord(body)) return;
  const isForeign = (name: string) =>
    !features?.includes(name) && !signature.inputs.some((input) => input.name === name);
  if (Array.isArray(body.inputs) && isForeign('inputs')) {
    throw bodyInvalid(
      '"inputs" is an array, as in the Open Inference Protocol: send that to /v2/models/{model}/infer, or ' +
        '{"inputs": {tensor: data}} here',
    );
  }
  if (Object.hasOwn(body, 'instances') && isForeign('instances')) {
    throw bodyInvalid('"instances" is KServe V1: send that to /v1/models/{model}:predict, or the rows alone here');
  }
}

/**
 * Reads one row or an array of rows. Models with several inputs take rows that are objects by input name.
 *
 * @throws ServingError as {@link readFriendly}
 */
export function readRows(
  signature: Signature,
  features: readonly string[] | undefined,
  body: unknown,
): readonly Tensor[] {
  const rows = isRecord(body) ? [body] : body;
  const [input] = signature.inputs;
  if (Array.isArray(rows) && rows.some(isRecord)) {
    if (signature.inputs.length > 1 || isByInput(input, features, rows)) return readRowsByInput(signature, rows);
    if (input !== undefined && features !== undefined) return [readRowsByFeature(input, features, rows)];
    throw bodyInvalid(`the model has no feature names, so a row cannot be an object: ${formsText(signature)}`);
  }
  const takesBareElement = input !== undefined && input.shape.length <= 1;
  if (input === undefined || signature.inputs.length > 1 || !(Array.isArray(body) || takesBareElement)) {
    throw bodyInvalid(`got ${shown(body)}: ${formsText(signature)}`);
  }
  return [readTensor(input, body)];
}

/** Whether rows name the model's only input, `{"input": [...]}`, and no feature. */
function isByInput(
  input: TensorSpec | undefined,
  features: readonly string[] | undefined,
  rows: readonly unknown[],
): boolean {
  if (input === undefined || features?.includes(input.name)) return false;
  return rows.every((row) => isRecord(row) && Object.keys(row).join() === input.name);
}

function formsText(signature: Signature): string {
  const rows = signature.inputs.length === 1 ? 'send a row, an array of rows, or ' : 'send ';
  return `${rows}${inputsText(signature)}`;
}

function inputsText(signature: Signature): string {
  const tensors = signature.inputs.map((spec) => `"${spec.name}": ${spec.datatype} ${shapeText(spec.shape)}`);
  return `{"inputs": {${tensors.join(', ')}}}`;
}

function readRowsByFeature(spec: TensorSpec, features: readonly string[], rows: readonly unknown[]): Tensor {
  const values: unknown[] = [];
  const known = new Set(features);
  const inRow = rows.length === 1 ? () => '' : (row: number) => `row ${row}: `;
  rows.forEach((row, at) => {
    if (!isRecord(row)) throw bodyInvalid(`${inRow(at)}expected an object by feature name, got ${shown(row)}`);
    const unknown = Object.keys(row).find((key) => !known.has(key));
    if (unknown !== undefined) {
      const nearest = closest(unknown, features);
      const hint = nearest === undefined ? `the features are ${listed(features)}` : `did you mean "${nearest}"?`;
      throw tensorInvalid(`${inRow(at)}unknown feature "${shortened(unknown)}": ${hint}`);
    }
    for (const feature of features) {
      if (!Object.hasOwn(row, feature)) {
        throw tensorInvalid(`${inRow(at)}feature "${feature}" is missing: expected ${listed(features)}`);
      }
      values.push(row[feature]);
    }
  });
  const elementName: ElementName = (at) =>
    `${inRow(Math.floor(at / features.length))}feature "${features[at % features.length]}"`;
  const shape = [rows.length, features.length];
  checkShape(spec, shape);
  return {
    name: spec.name,
    datatype: spec.datatype,
    shape,
    data: readData(spec.name, spec.datatype, shape, values, elementName),
  };
}

function readRowsByInput(signature: Signature, rows: readonly unknown[]): readonly Tensor[] {
  const wholeForm = `to send whole tensors: ${inputsText(signature)}`;
  rows.forEach((row, at) => {
    if (!isRecord(row)) throw bodyInvalid(`row ${at}: expected an object by input name, got ${shown(row)}`);
    for (const key of Object.keys(row)) inputSpec(signature, key);
  });
  return signature.inputs.map((spec) => {
    const values = rows.map((row, at) => {
      if (!Object.hasOwn(row as object, spec.name)) {
        throw tensorInvalid(`row ${at}: input "${spec.name}" is missing; ${wholeForm}`);
      }
      return (row as Record<string, unknown>)[spec.name];
    });
    try {
      return readTensor(spec, values);
    } catch (error) {
      // A whole tensor is no row: one that nests as deep as the input, or an input that has no batch of rows.
      const isWhole = spec.shape[0] !== -1 || depthOf(values) > spec.shape.length;
      if (!isWhole || !(error instanceof ServingError) || error instanceof InexactInteger) throw error;
      throw tensorInvalid(`${error.message}; ${wholeForm}`);
    }
  });
}

function readTensor(spec: TensorSpec, value: unknown): Tensor {
  const shape = shapeOf(spec, value);
  checkShape(spec, shape);
  const isOneElement = !Array.isArray(value) && shape.length > 0;
  const data = readData(spec.name, spec.datatype, shape, isOneElement ? [value] : dropNesting(value, shape));
  return { name: spec.name, datatype: spec.datatype, shape, data };
}

/** One row stands for a batch of one: it is nested one level less than the shape. */
function dropNesting(value: unknown, shape: readonly number[]): unknown {
  const depth = depthOf(value);
  return depth === shape.length - 1 && depth > 1 ? [value] : value;
}

/**
 * The shape that the data has, by its nesting. Worked examples for an input of [-1,4]: `[[1,2,3,4],[5,6,7,8]]` →
 * [2,4]; the single row `[1,2,3,4]` → [1,4]. For [-1,3,2,2], a flat array of 24 → [2,3,2,2].
 */
function shapeOf(spec: TensorSpec, value: unknown): readonly number[] {
  const rank = spec.shape.length;
  const lengths = lengthsOf(value);
  if (lengths.length === rank) return lengths;
  if (lengths.length === rank - 1) return [1, ...lengths];
  if (lengths.length === 1 && spec.shape.filter((dimension) => dimension === -1).length <= 1) {
    const known = elementCount(spec.shape.filter((dimension) => dimension !== -1));
    const open = known === 0 ? 0 : (lengths[0] as number) / known;
    if (Number.isInteger(open)) return spec.shape.map((dimension) => (dimension === -1 ? open : dimension));
  }
  throw tensorInvalid(
    `input "${spec.name}" must have shape ${shapeText(spec.shape)}, so its data nests ${rank} deep` +
      `${rank < 2 ? '' : ` (or ${rank - 1} for one row)`}, got data that nests ${lengths.length} deep`,
  );
}

function lengthsOf(value: unknown): number[] {
  const lengths: number[] = [];
  for (let item = value; Array.isArray(item) && lengths.length < 32; item = item[0]) lengths.push(item.length);
  return lengths;
}

function depthOf(value: unknown): number {
  return lengthsOf(value).length;
}
