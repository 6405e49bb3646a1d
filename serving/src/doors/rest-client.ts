import type { Datatype, Tensor } from '@berth/core/inference';
import { exactFloat, parseExactly, readData, writeData } from '@berth/core/json-tensors';
import { startAssembled, type TestServer } from '../testing/assembled.ts';
import type { DoorClient, DoorFailure, DoorRequest, DoorResponse, DoorResult, StartDoor } from './conformance.ts';

const FAILURE: Readonly<Record<number, DoorFailure>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  503: 'unavailable',
  504: 'deadline',
  500: 'internal',
};

/** A client of the REST door for the conformance suite, without a socket. */
export const startRestDoor: StartDoor = async (files, config) => clientOf(await startAssembled(files, config), {});

function clientOf(server: TestServer, headers: Readonly<Record<string, string>>): DoorClient {
  const ask = async <Value>(method: string, path: string, body?: string): Promise<DoorResult<Value>> => {
    const answer = await server.request(method, path, { body, headers });
    if (answer.status === 200) return { ok: true, value: parseExactly(String(answer.body)) as Value };
    return { ok: false, failure: FAILURE[answer.status] as DoorFailure, message: answer.error as string };
  };
  const pathOf = (model: string, version?: string) =>
    `/v2/models/${model}${version === undefined ? '' : `/versions/${version}`}`;
  return {
    withKey: (key) => clientOf(server, { authorization: `Bearer ${key}` }),
    serverLive: async () => (await server.request('GET', '/v2/health/live')).status === 200,
    serverReady: async () => (await server.request('GET', '/v2/health/ready')).status === 200,
    modelReady: async (model, version) => {
      const result = await ask('GET', `${pathOf(model, version)}/ready`);
      return result.ok ? { ok: true, value: true } : result;
    },
    serverMetadata: async () => {
      const { name, version } = (await server.request('GET', '/v2')).json as { name: string; version: string };
      return { name, version };
    },
    modelMetadata: (model, version) => ask('GET', pathOf(model, version)),
    infer: async (request) => {
      const result = await ask<V2Response>('POST', `${pathOf(request.model, request.version)}/infer`, bodyOf(request));
      return result.ok ? { ok: true, value: responseOf(result.value) } : result;
    },
    stop: server.stop,
  };
}

function bodyOf({ id, timeoutMicros, inputs, outputs }: DoorRequest): string {
  const tensors = inputs.map(({ name, datatype, shape, data }) => {
    const text = writeData(name, datatype, data, exactFloat);
    return `{"name":${JSON.stringify(name)},"shape":[${shape}],"datatype":"${datatype}","data":${text}}`;
  });
  const rest = JSON.stringify({
    ...(id !== undefined && { id }),
    ...(timeoutMicros !== undefined && { parameters: { timeout: timeoutMicros } }),
    ...(outputs !== undefined && { outputs: outputs.map((name) => ({ name })) }),
  });
  return `{"inputs":[${tensors}]${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}}`;
}

type V2Response = {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly { name: string; datatype: Datatype; shape: number[]; data: unknown[] }[];
};

function responseOf({ model_name: model, model_version: version, id, outputs }: V2Response): DoorResponse {
  return {
    model,
    version,
    id,
    outputs: outputs.map(({ name, datatype, shape, data }): Tensor => {
      const value = shape.length === 0 ? data[0] : data;
      return { name, datatype, shape, data: readData(name, datatype, shape, value) };
    }),
  };
}
