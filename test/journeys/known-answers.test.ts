import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EXAMPLES, type ServerProcess, startServerProcess } from './server-process.ts';

// The example models, asked over a real socket, answer what scikit-learn and ONNX Runtime for Python answered.
const ANSWERS = join(EXAMPLES, '../known-answers');
const TOLERANCE = 1e-5;

type KnownTensor = { readonly datatype: string; readonly shape: readonly number[]; readonly data: readonly number[] };
type KnownAnswers = {
  readonly model: string;
  readonly answers: readonly {
    readonly inputs: Readonly<Record<string, KnownTensor>>;
    readonly outputs: Readonly<Record<string, KnownTensor>>;
  }[];
};

let server: ServerProcess;
before(async () => {
  server = await startServerProcess({ args: [EXAMPLES, '--default-model', 'iris'] });
  await server.logged('ready');
});
after(() => {
  server.child.kill('SIGKILL');
});

describe('known answers', () => {
  for (const file of readdirSync(ANSWERS)) {
    const { model, answers } = JSON.parse(readFileSync(join(ANSWERS, file), 'utf8')) as KnownAnswers;
    test(`of ${model}: all ${answers.length}, asked at once`, async () => {
      await Promise.all(
        answers.map(async ({ inputs, outputs }) => {
          const response = await fetch(`${server.url}/v2/models/${model}/infer`, {
            method: 'POST',
            body: JSON.stringify({ inputs: Object.entries(inputs).map(([name, tensor]) => ({ name, ...tensor })) }),
          });
          const answer = (await response.json()) as { outputs: ({ name: string } & KnownTensor)[] };
          assert.equal(response.status, 200, JSON.stringify(answer));
          for (const [name, expected] of Object.entries(outputs)) {
            const found = answer.outputs.find((output) => output.name === name);
            assert.deepEqual(found?.shape, expected.shape);
            expected.data.forEach((value, at) => {
              const difference = Math.abs(value - (found?.data[at] ?? Number.NaN));
              assert.ok(difference <= TOLERANCE, `${name}[${at}]: expected ${value}, found ${found?.data[at]}`);
            });
          }
        }),
      );
    });
  }
});
