import { type ApiKey, EVERY_MODEL } from './api-key.ts';

/** Who asks, as far as the key tells. */
export type Caller =
  /** No keys are asked for. */
  | { readonly kind: 'anyone' }
  | { readonly kind: 'keyless' }
  | { readonly kind: 'unknownKey' }
  | { readonly kind: 'known'; readonly key: ApiKey };

export const ANYONE: Caller = { kind: 'anyone' };
export const KEYLESS: Caller = { kind: 'keyless' };
export const UNKNOWN_KEY: Caller = { kind: 'unknownKey' };

export type Access =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly reason: 'KeyMissing' | 'KeyUnknown' }
  | { readonly kind: 'refused'; readonly reason: 'KeyNotForModel'; readonly keyName: string };

const GRANTED: Access = { kind: 'granted' };

/**
 * Whether a caller may use a model, or, where no model is asked for, whether it may enter at all.
 *
 * | caller     | no model   | a model its key is for | another model  |
 * | anyone     | granted    | granted                | granted        |
 * | keyless    | KeyMissing | KeyMissing             | KeyMissing     |
 * | unknownKey | KeyUnknown | KeyUnknown             | KeyUnknown     |
 * | known      | granted    | granted                | KeyNotForModel |
 *
 * It makes no difference whether the model exists: what a key is not for is not told to it.
 */
export function decideAccess(caller: Caller, model?: string): Access {
  switch (caller.kind) {
    case 'anyone':
      return GRANTED;
    case 'keyless':
      return { kind: 'refused', reason: 'KeyMissing' };
    case 'unknownKey':
      return { kind: 'refused', reason: 'KeyUnknown' };
    case 'known':
      return model === undefined || isFor(caller.key, model)
        ? GRANTED
        : { kind: 'refused', reason: 'KeyNotForModel', keyName: caller.key.name };
  }
}

/** Whether a caller may use a model, and so may know of it. */
export function mayUse(caller: Caller, model: string): boolean {
  return caller.kind === 'anyone' || (caller.kind === 'known' && isFor(caller.key, model));
}

/** Whether nothing that the server says of its models has to be kept from a caller. */
export function mayUseEverything(caller: Caller): boolean {
  return caller.kind === 'anyone' || (caller.kind === 'known' && caller.key.models === EVERY_MODEL);
}

function isFor({ models }: ApiKey, model: string): boolean {
  return models === EVERY_MODEL || models.includes(model);
}
