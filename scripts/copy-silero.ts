import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Lays the third example model beside the others: it comes from npm, so the repository does not hold it again.
const root = join(import.meta.dirname, '..');
const target = join(root, 'examples/models/silero-vad');
const installed = dirname(createRequire(import.meta.url).resolve('@ricky0123/vad-web/package.json'));

mkdirSync(join(target, '1'), { recursive: true });
copyFileSync(join(installed, 'dist/silero_vad_v5.onnx'), join(target, '1/model.onnx'));
copyFileSync(join(root, 'examples/silero-vad.serving.yaml'), join(target, 'serving.yaml'));
