import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpCall, Route, RouteParameters } from '@berth/chassis/http';
import type { Tensor } from '@berth/core/inference';
import { exactFloat, shortFloat32 } from '@berth/core/json-tensors';
import type { Caller } from '@berth/core/keys';
import { curlLine, predictionRows, readFriendly, writeOutputs, writePredictions } from '@berth/core/rows';
import type { DataPlane, InferenceRequest } from '../data-plane/data-plane.ts';
import type { LoadedModel } from '../models/model.ts';
import { json } from './answers.ts';
import { type Endpoint, forModel, type Respond } from './endpoint.ts';
import { readJsonBody } from './json-body.ts';

/** The friendly form: rows in, labels out; GET runs the model's own example and shows how to send one's own. */
export function predictRoutes(plane: DataPlane): readonly Route<Endpoint>[] {
  const serve = (
    call: HttpCall,
    parameters: RouteParameters,
    translate: (model: LoadedModel) => InferenceRequest,
    more: (model: LoadedModel) => string,
  ) => {
    const { model: name, version } = parameters;
    return plane.serve({ door: 'predict', name, version, hasLeft: call.hasLeft }, translate, (model, outputs) => {
      const text = writeAnswer(model, outputs, more(model));
      return typeof text === 'string' ? json(text) : text.then(json);
    });
  };
  const post: Respond = (call, parameters) =>
    serve(
      call,
      parameters,
      ({ signature, features }) => ({
        inputs: readJsonBody(call, 'a row, an array of rows, or {"inputs": {tensor: data}}', (body) =>
          readFriendly(signature, features, body),
        ),
      }),
      () => '',
    );
  const get: Respond = (call, parameters, caller) =>
    serve(
      call,
      parameters,
      ({ signature, features, example }) => ({ inputs: readFriendly(signature, features, example) }),
      ({ example }) =>
        `,"example":${JSON.stringify(example)},"try":${JSON.stringify(exampleLine(call, caller, example))}`,
    );
  return ['/predict', '/models/:model/predict', '/models/:model/versions/:version/predict'].flatMap(
    (path): readonly Route<Endpoint>[] => [
      ['GET', path, forModel(get)],
      ['POST', path, forModel(post)],
    ],
  );
}

/** Numbers written in one event-loop turn: some 20 ms. */
const WRITTEN_AT_ONCE = 20_000;

function writeAnswer(
  { name, version, classes }: LoadedModel,
  outputs: readonly Tensor[],
  more: string,
): string | Promise<string> {
  const start = `{"model":${JSON.stringify(name)},"version":"${version}",`;
  const end = `${more}}\n`;
  if (classes === undefined) {
    const elements = outputs.reduce((total, { data }) => total + data.length, 0);
    // Nobody reads the digits of a long answer, and rounding them takes most of its time.
    return `${start}"outputs":${writeOutputs(outputs, elements <= WRITTEN_AT_ONCE ? shortFloat32 : exactFloat)}${end}`;
  }
  const rows = predictionRows(classes, outputs);
  const step = Math.max(1, Math.floor(WRITTEN_AT_ONCE / (classes.labels.length + 1)));
  if (rows <= step) return `${start}"predictions":[${writePredictions(classes, outputs, shortFloat32)}]${end}`;
  return writeInTurns(rows, step, (from, to) => writePredictions(classes, outputs, shortFloat32, from, to)).then(
    (predictions) => `${start}"predictions":[${predictions}]${end}`,
  );
}

/** Writes many rows with an event-loop turn between the parts, so that health checks and other models get theirs. */
async function writeInTurns(rows: number, step: number, write: (from: number, to: number) => string): Promise<string> {
  const parts: string[] = [];
  for (let from = 0; from < rows; from += step) {
    parts.push(write(from, Math.min(from + step, rows)));
    await nextTurn();
  }
  return parts.join();
}

/** A line to paste into a shell that sends the example to where this request came. */
function exampleLine({ headers, path }: HttpCall, caller: Caller, example: unknown): string {
  const { host } = headers;
  const isPlain = typeof host === 'string' && /^[\w.:[\]-]+$/.test(host);
  return curlLine(
    `http://${isPlain ? host : 'localhost:8000'}${path}`,
    JSON.stringify(example),
    caller.kind !== 'anyone',
  );
}
