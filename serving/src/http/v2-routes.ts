import type { Health } from '@berth/chassis/health';
import type { HttpCall, Route } from '@berth/chassis/http';
import { bodyInvalid, type Datatype, ServingError, type TensorSpec } from '@berth/core/inference';
import { type Caller, mayUse, mayUseEverything } from '@berth/core/keys';
import { isRecord, shown } from '@berth/core/schema';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { LoadedModel } from '../models/model.ts';
import { healthAnswer, json } from './answers.ts';
import { type Endpoint, forAnyKey, forModel, open, type Respond } from './endpoint.ts';
import { readJsonBody } from './json-body.ts';
import { readV2Request, writeV2Response } from './v2-infer.ts';

export type V2Options = {
  readonly plane: DataPlane;
  readonly health: Health;
  readonly serverName: string;
  readonly serverVersion: string;
  /** Makes an id for a request that has none: KServe's client demands one in the answer. */
  readonly newId: () => string;
};

/** The Open Inference Protocol v2, REST, in its JSON form, with Triton's model configuration and repository index. */
export function v2Routes({ plane, health, serverName, serverVersion, newId }: V2Options): readonly Route<Endpoint>[] {
  const { catalog } = plane;

  const infer: Respond = (call, { model: name, version }) => {
    let id: string | undefined;
    return plane.serve(
      { door: 'v2', name, version, hasLeft: call.hasLeft },
      (model) => {
        const request = readJsonBody(call, '{"inputs": [{"name", "shape", "datatype", "data"}]}', (json) =>
          readV2Request(model, json),
        );
        id = request.id;
        return request;
      },
      (model, outputs) => json(writeV2Response(model.name, model.version, id ?? newId(), outputs)),
    );
  };
  const metadata: Respond = (_call, { model: name, version }) => {
    const model = catalog.find(name as string, version);
    return json({
      name: model.name,
      versions: catalog.versions(model.name),
      platform: 'onnx_onnxv1',
      inputs: model.signature.inputs.map(tensorMetadata),
      outputs: model.signature.outputs.map(tensorMetadata),
    });
  };
  const ready: Respond = (_call, { model: name, version }) => {
    const model = catalog.find(name as string, version);
    return json({ name: model.name, version: model.version, ready: true });
  };
  const config: Respond = (_call, { model: name, version }) => json(modelConfig(catalog.find(name as string, version)));
  const noModelControl: Respond = () => {
    throw new ServingError(
      'FeatureUnsupported',
      'models are loaded when the server starts; loading and unloading by request is not supported',
    );
  };

  const both = (method: 'GET' | 'POST', path: string, respond: Respond): readonly Route<Endpoint>[] => [
    [method, `/v2/models/:model${path}`, forModel(respond)],
    [method, `/v2/models/:model/versions/:version${path}`, forModel(respond)],
  ];
  return [
    ['GET', '/v2', open(() => json({ name: serverName, version: serverVersion, extensions: ['model_configuration'] }))],
    [
      'GET',
      '/v2/health/live',
      open((_call, _none, caller) => healthAnswer('live', health.live(), mayUseEverything(caller))),
    ],
    [
      'GET',
      '/v2/health/ready',
      open((_call, _none, caller) => healthAnswer('ready', health.ready(), mayUseEverything(caller))),
    ],
    ...both('GET', '', metadata),
    ...both('GET', '/ready', ready),
    ...both('GET', '/config', config),
    ...both('POST', '/infer', infer),
    ['POST', '/v2/repository/index', forAnyKey((call, _none, caller) => json(index(plane, call, caller)))],
    ['POST', '/v2/repository/models/:model/load', forModel(noModelControl)],
    ['POST', '/v2/repository/models/:model/unload', forModel(noModelControl)],
  ];
}

function tensorMetadata({ name, datatype, shape }: TensorSpec) {
  return { name, datatype, shape };
}

const TRITON_TYPE: Partial<Record<Datatype, string>> = { BYTES: 'TYPE_STRING' };

/** The part of Triton's ModelConfig that clients read. With batching, shapes leave the first dimension out. */
function modelConfig({ name, signature, maxRows }: LoadedModel) {
  const tensor = ({ name: tensorName, datatype, shape }: TensorSpec) => ({
    name: tensorName,
    data_type: TRITON_TYPE[datatype] ?? `TYPE_${datatype}`,
    dims: maxRows > 1 ? shape.slice(1) : shape,
  });
  return {
    name,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: maxRows > 1 ? maxRows : 0,
    input: signature.inputs.map(tensor),
    output: signature.outputs.map(tensor),
  };
}

/** The repository index; Triton's client sends an empty body. */
function index({ catalog }: DataPlane, call: HttpCall, caller: Caller) {
  const onlyReady = call.body.length > 0 && readJsonBody(call, '{"ready": true}', readsOnlyReady);
  return catalog.index().filter(({ name, state }) => mayUse(caller, name) && (!onlyReady || state === 'READY'));
}

function readsOnlyReady(request: unknown): boolean {
  if (!isRecord(request)) {
    throw bodyInvalid(`the request: expected an object such as {"ready": true}, got ${shown(request)}`);
  }
  const { ready = false } = request;
  if (typeof ready !== 'boolean') throw bodyInvalid(`ready: expected true or false, got ${shown(ready)}`);
  return ready;
}
