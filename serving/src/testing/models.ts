import { join } from 'node:path';

const top = join(import.meta.dirname, '../../..');

/** Folders of models that tests use. */
export const TEST_MODELS = join(top, 'test/models');
export const EXAMPLE_MODELS = join(top, 'examples/models');
export const KNOWN_ANSWERS = join(top, 'examples/known-answers');
