import type { Route } from '@berth/chassis/http';
import { mayUse } from '@berth/core/keys';
import type { Catalog } from '../models/catalog.ts';
import { json } from './answers.ts';
import { type Endpoint, open } from './endpoint.ts';

const KEYS = 'this server asks for one: Authorization: Bearer <key>; the models here are those that it is for';

/**
 * `GET /`: what is here and where to go, for whoever opens the address in a browser or with curl. `status` is what
 * KServe's V1 client asks this path for. Of the models it tells what the caller's key is for.
 */
export function rootRoute(catalog: Catalog, serverName: string, serverVersion: string): Route<Endpoint> {
  return [
    'GET',
    '/',
    open((_call, _none, caller) => {
      const known = catalog.index().filter(({ name }) => mayUse(caller, name));
      const models = known.map(({ name, version, state, reason }) => ({
        name,
        version,
        state,
        ...(reason !== '' && { reason }),
        predict: `/models/${encodeURIComponent(name)}/predict`,
      }));
      const asks = caller.kind === 'anyone' ? {} : { keys: KEYS };
      const routes = {
        '/predict': 'GET runs the example of the default model and shows how to send a row; POST predicts',
        '/models/{model}/predict': 'the same for one model',
        '/v2/models/{model}/infer': 'POST: Open Inference Protocol v2; GET /v2/models/{model} has the signature',
        '/v1/models/{model}:predict': 'POST: KServe V1',
        '/v2/health/ready': 'readiness, with reasons; also /v2/health/live',
        '/v2/repository/index': 'POST: models, versions, and why one is not served',
      };
      return json(
        `${JSON.stringify({ name: serverName, version: serverVersion, status: 'alive', ...asks, models, routes }, null, 2)}\n`,
      );
    }),
  ];
}
