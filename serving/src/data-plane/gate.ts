import type { KeyRing } from '@berth/chassis/keys';
import { modelNotFound, ServingError, shortened } from '@berth/core/inference';
import { type Access, type Caller, decideAccess, mayUse } from '@berth/core/keys';
import type { Catalog } from '../models/catalog.ts';

/**
 * Who may ask for what, whatever protocol a request came by. Doors ask before they read a request's body. A refusal
 * tells of no model that the caller's key is not for.
 */
export class Gate {
  readonly #keys: KeyRing;
  readonly #catalog: Catalog;

  constructor(keys: KeyRing, catalog: Catalog) {
    this.#keys = keys;
    this.#catalog = catalog;
  }

  /** Who asks, by the `Authorization` that came with the request. */
  callerOf(authorization: string | undefined): Caller {
    return this.#keys.callerOf(authorization);
  }

  /**
   * Lets in whoever has a key.
   *
   * @throws ServingError `KeyMissing`, `KeyUnknown`
   */
  enter(caller: Caller): void {
    const access = decideAccess(caller);
    if (access.kind === 'refused') throw refusal(access);
  }

  /**
   * Lets in whoever has a key for a model, or for the default where none is named.
   *
   * @throws ServingError `KeyMissing`, `KeyUnknown`, `KeyNotForModel`, `ModelAmbiguous`, `ModelNotFound`
   */
  enterModel(caller: Caller, name: string | undefined): void {
    if (caller.kind === 'anyone') return;
    this.enter(caller);
    const knows = (model: string) => mayUse(caller, model);
    const wanted = name ?? this.#catalog.defaultName(knows);
    const isThere = this.#catalog.has(wanted);
    const access = decideAccess(caller, wanted);
    if (access.kind === 'granted') {
      if (!isThere) throw modelNotFound(wanted, this.#catalog.names().filter(knows));
      return;
    }
    const error = refusal(access, name === undefined ? 'the default model' : `model "${shortened(name)}"`);
    if (isThere) error.model = wanted;
    throw error;
  }
}

function refusal(access: Extract<Access, { kind: 'refused' }>, model = 'this model'): ServingError {
  const { reason } = access;
  switch (reason) {
    case 'KeyMissing':
      return new ServingError(reason, 'this server asks for a key: send the header "Authorization: Bearer <key>"');
    case 'KeyUnknown':
      return new ServingError(reason, 'the key that was sent is none of this server');
    case 'KeyNotForModel':
      return new ServingError(reason, `key "${access.keyName}" is not for ${model}`);
  }
}
