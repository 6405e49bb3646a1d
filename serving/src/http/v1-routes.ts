import { JSON_TYPE, type Route } from '@berth/chassis/http';
import { bodyInvalid, listed, ServingError, type Signature, shortened, type Tensor } from '@berth/core/inference';
import { exactFloat, writeNested } from '@berth/core/json-tensors';
import { mayUse } from '@berth/core/keys';
import { readFriendly, readRows } from '@berth/core/rows';
import { isRecord, shown } from '@berth/core/schema';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { LoadedModel } from '../models/model.ts';
import { json } from './answers.ts';
import { type Endpoint, forAnyKey, forModel } from './endpoint.ts';
import { readJsonBody } from './json-body.ts';

/** KServe's V1 protocol: list, status and `:predict`. */
export function v1Routes(plane: DataPlane): readonly Route<Endpoint>[] {
  const { catalog } = plane;
  return [
    [
      'GET',
      '/v1/models',
      forAnyKey((_call, _none, caller) => json({ models: catalog.names().filter((name) => mayUse(caller, name)) })),
    ],
    [
      'GET',
      '/v1/models/:model',
      forModel((_call, { model }) => {
        const ready = catalog.state(model as string).phase === 'ready';
        return { status: ready ? 200 : 503, headers: JSON_TYPE, body: JSON.stringify({ name: model, ready }) };
      }),
    ],
    [
      'POST',
      '/v1/models/:target',
      forModel(
        (call, { target }) =>
          plane.serve(
            { door: 'v1', name: predicted(target as string), hasLeft: call.hasLeft },
            (model) => ({
              inputs: readJsonBody(call, '{"instances": [...]}', (body) =>
                readV1Request(model.signature, model.features, body),
              ),
            }),
            (model, outputs) => json(writeV1Response(model, outputs)),
          ),
        ({ target }) => predicted(target as string),
      ),
    ],
  ];
}

/** `iris:predict` → `iris`; names may have colons of their own. */
function predicted(target: string): string {
  const colon = target.lastIndexOf(':');
  const verb = target.slice(colon + 1);
  if (colon > 0 && verb === 'predict') return target.slice(0, colon);
  if (colon > 0 && verb === 'explain') {
    throw new ServingError('FeatureUnsupported', 'explanations are not supported; use :predict');
  }
  throw new ServingError('RouteNotFound', `POST /v1/models/${shortened(target)} is not there; use :predict`);
}

/** TensorFlow Serving's clients send it. */
const DEFAULT_SIGNATURE = 'serving_default';

function readV1Request(
  signature: Signature,
  features: readonly string[] | undefined,
  body: unknown,
): readonly Tensor[] {
  if (!isRecord(body)) {
    throw bodyInvalid(`the request: expected an object such as {"instances": [...]}, got ${shown(body)}`);
  }
  const { signature_name: asked = DEFAULT_SIGNATURE, ...given } = body;
  if (asked !== DEFAULT_SIGNATURE) {
    throw bodyInvalid(`signature_name: expected "${DEFAULT_SIGNATURE}", the only one there is, got ${shown(asked)}`);
  }
  const keys = Object.keys(given);
  const { instances, inputs } = given;
  const extra = keys.find((key) => key !== 'instances' && key !== 'inputs');
  if (extra !== undefined || keys.length !== 1) {
    throw bodyInvalid(
      `the request: expected "instances" or "inputs", got ${keys.length === 0 ? 'neither' : listed(keys)}`,
    );
  }
  if (instances !== undefined) {
    if (!Array.isArray(instances)) throw bodyInvalid(`instances: expected an array of rows, got ${shown(instances)}`);
    return readRows(signature, features, instances);
  }
  return Array.isArray(inputs) ? readRows(signature, features, inputs) : readFriendly(signature, features, { inputs });
}

/** One prediction per row: the value of the only output, or an object by output name (TensorFlow's row format). */
function writeV1Response({ signature }: LoadedModel, outputs: readonly Tensor[]): string {
  const [first] = outputs as readonly [Tensor];
  const rows = first.shape[0];
  const isByRow = rows !== undefined && outputs.every(({ shape }) => shape[0] === rows);
  const written = outputs.map((output) => ({
    name: JSON.stringify(output.name),
    rows: isByRow
      ? rowsOf(output, rows)
      : [writeNested(output.name, output.datatype, output.shape, output.data, exactFloat)],
  }));
  const predictions = (written[0]?.rows ?? []).map((_, row) =>
    signature.outputs.length === 1
      ? written[0]?.rows[row]
      : `{${written.map((output) => `${output.name}:${output.rows[row]}`).join(',')}}`,
  );
  return `{"predictions":[${predictions.join(',')}]}`;
}

function rowsOf({ name, datatype, shape, data }: Tensor, rows: number): string[] {
  const size = data.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    writeNested(name, datatype, shape.slice(1), data.slice(row * size, (row + 1) * size), exactFloat),
  );
}
