import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finding } from './health.ts';

test('a finding is good as long as nothing speaks against it', () => {
  assert.deepEqual(finding([]), { ok: true, reasons: [] });
  assert.deepEqual(finding(['a', 'b']), { ok: false, reasons: ['a', 'b'] });
});
