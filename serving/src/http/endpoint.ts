import type { HttpAnswer, HttpCall, RouteParameters } from '@berth/chassis/http';
import type { Caller } from '@berth/core/keys';
import type { Gate } from '../data-plane/gate.ts';

/** Answers a request that was let in; `caller` is for what it may be told. */
export type Respond = (call: HttpCall, parameters: RouteParameters, caller: Caller) => HttpAnswer | Promise<HttpAnswer>;

/** What is at a route: whom it lets in, and its answer. */
export type Endpoint = {
  /** @throws ServingError when the caller may not come in */
  readonly admit: (gate: Gate, caller: Caller, parameters: RouteParameters) => void;
  readonly respond: Respond;
};

/** Everybody may ask, with a key or without. */
export function open(respond: Respond): Endpoint {
  return { admit: () => {}, respond };
}

/** Whoever has a key may ask, and is told of the models that it is for. */
export function forAnyKey(respond: Respond): Endpoint {
  return { admit: (gate, caller) => gate.enter(caller), respond };
}

/** Whoever has a key for the model may ask; where `modelOf` gives none, it is the default model. */
export function forModel(
  respond: Respond,
  modelOf: (parameters: RouteParameters) => string | undefined = ({ model }) => model,
): Endpoint {
  return { admit: (gate, caller, parameters) => gate.enterModel(caller, modelOf(parameters)), respond };
}
