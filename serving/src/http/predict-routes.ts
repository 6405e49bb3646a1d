import type { HttpCall, Route } from '@berth/chassis/http';
import type { Tensor } from '@berth/core/inference';
import { shortFloat32 } from '@berth/core/json-tensors';
import { readFriendly, writeOutputs, writePredictions } from '@berth/core/rows';
import type { DataPlane, InferenceRequest } from '../data-plane/data-plane.ts';
import type { LoadedModel } from '../models/model.ts';
import { json } from './answers.ts';
import { readJsonBody } from './json-body.ts';

/** The friendly form: rows in, labels out; GET runs the model's own example and shows how to send one's own. */
export function predictRoutes(plane: DataPlane): readonly Route[] {
  const serve = (
    call: HttpCall,
    parameters: Readonly<Record<string, string>>,
    translate: (model: LoadedModel) => InferenceRequest,
    more: (model: LoadedModel) => string,
  ) => {
    const { model: name, version } = parameters;
    return plane.serve(
      { door: 'predict', ...(name && { name }), ...(version && { version }), hasLeft: call.hasLeft },
      translate,
      (model, outputs) => json(writeAnswer(model, outputs, more(model))),
    );
  };
  const post: Route[2] = (call, parameters) =>
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
  const get: Route[2] = (call, parameters) =>
    serve(
      call,
      parameters,
      ({ signature, features, example }) => ({ inputs: readFriendly(signature, features, example) }),
      ({ example }) => `,"example":${JSON.stringify(example)},"try":${JSON.stringify(curlLine(call, example))}`,
    );
  return ['/predict', '/models/:model/predict', '/models/:model/versions/:version/predict'].flatMap(
    (path): readonly Route[] => [
      ['GET', path, get],
      ['POST', path, post],
    ],
  );
}

function writeAnswer({ name, version, classes }: LoadedModel, outputs: readonly Tensor[], more: string): string {
  const answer =
    classes === undefined
      ? `"outputs":${writeOutputs(outputs, shortFloat32)}`
      : `"predictions":${writePredictions(classes, outputs, shortFloat32)}`;
  return `{"model":${JSON.stringify(name)},"version":"${version}",${answer}${more}}\n`;
}

/** An example longer than this is no line to read. */
const MAX_LINE = 1000;

/** A line to paste into a shell that sends the example to where this request came. */
function curlLine({ headers, path }: HttpCall, example: unknown): string {
  const { host } = headers;
  const isPlain = typeof host === 'string' && /^[\w.:[\]-]+$/.test(host);
  const data = JSON.stringify(example).replaceAll("'", "'\\''");
  const body = data.length <= MAX_LINE ? `'${data}'` : '@example.json (with the example above in that file)';
  return `curl http://${isPlain ? host : 'localhost:8000'}${path} -d ${body}`;
}
