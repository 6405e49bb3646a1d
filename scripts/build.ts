import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import cli from '../cli/package.json' with { type: 'json' };
import root from '../package.json' with { type: 'json' };
import serving from '../serving/package.json' with { type: 'json' };

// Bundles the `berth` command to dist/, as it ships in the image and to the npm registry: one package whose only
// dependency is ONNX Runtime, which has native libraries.
const top = join(import.meta.dirname, '..');
const dist = join(top, 'dist');
const RUNTIME = 'onnxruntime-node';

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    berth: join(top, 'cli/src/main.ts'),
    'thread-worker': join(top, 'serving/src/runners/thread-worker.ts'),
  },
  platform: 'node',
  external: [RUNTIME],
});
await bundle.write({ dir: dist, format: 'esm', chunkFileNames: '[name]-[hash].js' });
await bundle.close();

// The young generation of V8's heap grows to 32 MiB by itself; at 4 MiB the server answers as many requests with a
// quarter less memory (docs/adr/0002).
const entry = join(dist, 'berth.js');
writeFileSync(
  entry,
  readFileSync(entry, 'utf8').replace(/^#!.*\n/, '#!/usr/bin/env -S node --max-semi-space-size=4\n'),
);
cpSync(join(top, 'LICENSE'), join(dist, 'LICENSE'));
const manifest = {
  name: root.name,
  version: cli.version,
  description: root.description,
  license: root.license,
  type: 'module',
  bin: { berth: 'berth.js' },
  engines: { node: '>=24' },
  dependencies: { [RUNTIME]: serving.dependencies[RUNTIME] },
};
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
