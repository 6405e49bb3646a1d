/** The models that a key is for: all there are, or those with these names. */
export type KeyModels = typeof EVERY_MODEL | readonly string[];

export const EVERY_MODEL = '*';

/** A key as a server knows it. The key itself is nowhere: who has it can show that it has this digest. */
export type ApiKey = {
  /** What people call it; logs and messages have the name, and several keys may share one. */
  readonly name: string;
  /** Lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly models: KeyModels;
};

/** Names are shown and logged: shorter than any key or digest, so that one put there by mistake is refused. */
export const LONGEST_NAME = 40;

export const NAME_MEANS = `a name of at most ${LONGEST_NAME} letters, digits, dots, dashes and underscores`;

export function isKeyName(text: string): boolean {
  return text.length <= LONGEST_NAME && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text);
}

/** Whether a key can be for this model by name: blanks and commas stand between names, and `#` begins a comment. */
export function isModelName(text: string): boolean {
  return /^[^\s,*#./\p{C}][^\s,/\p{C}]*$/u.test(text);
}

/** The line of a key file that lets a key enter. */
export function keyLine({ name, sha256, models }: ApiKey): string {
  return `${name} sha256:${sha256} ${models === EVERY_MODEL ? models : models.join()}`;
}
