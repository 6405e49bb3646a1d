import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeMetrics } from '@berth/serving';

test('every metric that ADR 5 fixes is there, with its type and labels', () => {
  const adr = readFileSync(join(import.meta.dirname, '../../docs/adr/0005-metrics.md'), 'utf8');
  const rows = [...adr.matchAll(/^\| `(\w+)` \| (\w+) \| (.*) \|$/gm)];
  assert.ok(rows.length > 20);
  const found = new Map(describeMetrics().map((metric) => [metric.name, metric]));
  for (const [, name, type, labels] of rows) {
    const metric = found.get(name as string);
    assert.deepEqual([metric?.type, metric?.labelNames.join(', ')], [type, labels], String(name));
  }
});
