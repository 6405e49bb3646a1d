import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceTable } from '@berth/chassis/config';
import { expectation, type Schema } from '@berth/core/schema';
import { MODEL_SETTINGS } from '@berth/core/settings';
import { describeMetrics, SERVER_SETTINGS } from '@berth/serving';
import { manifestTexts, presentConfig } from './manifests.ts';

// Writes the reference pages and the plain manifests from what the programs themselves use. With --check it only says
// which are out of date.
const top = join(import.meta.dirname, '..');
const NOTE = '<!-- Made by npm run generate; do not edit. -->';

const pages: Record<string, string> = {
  'docs/reference/configuration.md': `# Configuration of the server

${NOTE}

Flags win over the environment, the environment over the file, the file over the defaults. The file is YAML, named by
\`--config\` or \`BERTH_CONFIG\`. How it is used: [running the server](../guides/running.md).

${referenceTable(SERVER_SETTINGS)}
`,
  'docs/reference/serving-yaml.md': `# serving.yaml

${NOTE}

An optional file beside a model's versions: [a model repository](../guides/model-repository.md). Every field may be left out;
a field that is not listed is refused.

| field | what it does | value |
| --- | --- | --- |
${fieldRows(MODEL_SETTINGS, '').join('\n')}
`,
  'docs/reference/metrics.md': `# Metrics

${NOTE}

On port 8002 at \`/metrics\`, in Prometheus' text format. The names, units and labels are fixed by
[ADR 5](../adr/0005-metrics.md).

| metric | type | labels | what it is |
| --- | --- | --- | --- |
${metricRows().join('\n')}
`,
};

for (const [path, text] of Object.entries(manifestTexts(presentConfig()))) pages[path] = text;

const stale = Object.entries(pages).filter(([path, text]) => {
  const file = join(top, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of date: npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) {
    writeFileSync(join(top, path), text);
    console.log(`wrote ${path}`);
  }
}

function fieldRows(schema: Schema, path: string): string[] {
  if (schema.kind !== 'object') return [`| \`${path}\` | ${schema.about} | ${expectation(schema)} |`];
  return Object.entries(schema.fields).flatMap(([name, field]) =>
    fieldRows(field, path === '' ? name : `${path}.${name}`),
  );
}

function metricRows(): string[] {
  return describeMetrics().map(
    ({ name, type, labelNames, help }) => `| \`${name}\` | ${type} | ${labelNames.join(', ')} | ${help} |`,
  );
}
