import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Registry } from './registry.ts';

test('a counter adds up, for each set of labels', () => {
  const registry = new Registry();
  const requests = registry.counter('requests_total', 'Requests.', ['model', 'code']);
  requests.with('iris', '200').add();
  requests.with('iris', '200').add(2.5);
  requests.with('iris', '500').add(0);
  assert.equal(
    registry.text(),
    `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{model="iris",code="200"} 3.5
requests_total{model="iris",code="500"} 0
`,
  );
});

test('a counter without labels has no braces', () => {
  const registry = new Registry();
  registry.counter('ticks_total', 'Ticks.', []).with().add();
  assert.equal(registry.text(), '# HELP ticks_total Ticks.\n# TYPE ticks_total counter\nticks_total 1\n');
});

test('a histogram counts in every bucket that a value is not above, and sums up', () => {
  const registry = new Registry();
  const duration = registry.histogram('duration_seconds', 'Time.', ['model'], [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 1, 2]) duration.with('iris').observe(seconds);
  duration.with('digits');
  assert.equal(
    registry.text(),
    `# HELP duration_seconds Time.
# TYPE duration_seconds histogram
duration_seconds_bucket{model="iris",le="0.1"} 2
duration_seconds_bucket{model="iris",le="1"} 4
duration_seconds_bucket{model="iris",le="+Inf"} 5
duration_seconds_sum{model="iris"} 3.65
duration_seconds_count{model="iris"} 5
duration_seconds_bucket{model="digits",le="0.1"} 0
duration_seconds_bucket{model="digits",le="1"} 0
duration_seconds_bucket{model="digits",le="+Inf"} 0
duration_seconds_sum{model="digits"} 0
duration_seconds_count{model="digits"} 0
`,
  );
});

test('a histogram without labels has only the bound', () => {
  const registry = new Registry();
  registry.histogram('rows', 'Rows.', [], [1]).with().observe(1);
  assert.equal(
    registry.text(),
    '# HELP rows Rows.\n# TYPE rows histogram\nrows_bucket{le="1"} 1\nrows_bucket{le="+Inf"} 1\nrows_sum 1\nrows_count 1\n',
  );
});

test('what is not a number is in no bucket of a histogram but the last', () => {
  const registry = new Registry();
  registry.histogram('rows', 'Rows.', [], [1]).with().observe(Number.NaN);
  assert.match(registry.text(), /le="1"} 0\nrows_bucket{le="\+Inf"} 1\nrows_sum NaN\n/);
});

test('a gauge and an observed counter are read at every scrape', () => {
  const registry = new Registry();
  let value = 1;
  registry.gauge('queue', 'Waiting.', ['model'], () => [
    [['iris'], value],
    [['digits'], -value],
  ]);
  registry.gauge('limit', 'Absent without one.', [], () => []);
  registry.observedCounter('cpu_seconds_total', 'CPU time.', () => value / 4);
  value = 2;
  assert.equal(
    registry.text(),
    `# HELP queue Waiting.
# TYPE queue gauge
queue{model="iris"} 2
queue{model="digits"} -2
# HELP limit Absent without one.
# TYPE limit gauge
# HELP cpu_seconds_total CPU time.
# TYPE cpu_seconds_total counter
cpu_seconds_total 0.5
`,
  );
});

const numbers: ReadonlyArray<readonly [value: number, text: string]> = [
  [0, '0'],
  [-0, '0'],
  [1.5, '1.5'],
  [1e21, '1e+21'],
  [1e-7, '1e-7'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
];

for (const [value, text] of numbers) {
  test(`${Object.is(value, -0) ? '-0' : value} is written ${text}`, () => {
    const registry = new Registry();
    registry.gauge('g', 'G.', [], () => [[[], value]]);
    assert.ok(registry.text().endsWith(`\ng ${text}\n`));
  });
}

test('help and label values are escaped', () => {
  const registry = new Registry();
  registry.counter('c', 'A \\ and\na line.', ['l']).with('a "b" \\ \n c').add();
  assert.equal(registry.text(), '# HELP c A \\\\ and\\na line.\n# TYPE c counter\nc{l="a \\"b\\" \\\\ \\n c"} 1\n');
});

test('a name can be registered once, whatever it is', () => {
  const registry = new Registry();
  registry.counter('c', 'C.', []);
  assert.throws(() => registry.gauge('c', 'C.', [], () => []), /^Error: metric c is registered twice$/);
});

test('the same labels are the same child, others are others', () => {
  const label = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', ',', '=') });
  fc.assert(
    fc.property(fc.tuple(label, label), fc.tuple(label, label), (one, other) => {
      const family = new Registry().counter('c', 'C.', ['a', 'b']);
      const isSame = one.every((value, at) => value === other[at]);
      assert.equal(family.with(...one) === family.with(...other), isSame);
    }),
  );
});

test('the buckets of a histogram never fall, and the last is the count', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 11, noNaN: true })), (values) => {
      const registry = new Registry();
      const rows = registry.histogram('r', 'R.', [], [0, 1, 2.5, 10]).with();
      for (const value of values) rows.observe(value);
      const counts = [...registry.text().matchAll(/^r_(?:bucket{.*}|count) (\d+)$/gm)].map(([, count]) =>
        Number(count),
      );
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
      assert.deepEqual(counts.slice(-2), [values.length, values.length]);
    }),
  );
});
