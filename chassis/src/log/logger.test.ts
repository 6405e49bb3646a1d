import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLogger, LOG_LEVELS, type LogFields, type Logger, type LoggerOptions } from './logger.ts';

function aLogger(options: Partial<LoggerOptions> = {}): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const now = () => new Date('2026-11-24T13:14:15.678Z');
  const log = createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line), now, ...options });
  return { log, lines };
}

const coded = Object.assign(new Error('queue is full'), { code: 'QueueFull' });
const uncoded = Object.assign(new Error('a bug'), { stack: 'Error: a bug\n    at here' });

const cases: ReadonlyArray<readonly [does: string, fields: LogFields, json: LogFields, text: string]> = [
  ['writes no fields', {}, {}, ''],
  [
    'writes words and numbers as they are',
    { model: 'iris-2.0', port: 8000 },
    { model: 'iris-2.0', port: 8000 },
    ' model=iris-2.0 port=8000',
  ],
  [
    'quotes what is not one word',
    { a: 'two words', b: '', c: 'x=1' },
    { a: 'two words', b: '', c: 'x=1' },
    ' a="two words" b="" c="x=1"',
  ],
  [
    'keeps paths and addresses readable',
    { path: '/v2/a', url: 'http://a:1/b' },
    { path: '/v2/a', url: 'http://a:1/b' },
    ' path=/v2/a url=http://a:1/b',
  ],
  ['leaves out what is undefined', { a: undefined, b: null }, { b: null }, ' b=null'],
  [
    'writes lists and objects as JSON',
    { a: [1, 'x'], b: { c: true } },
    { a: [1, 'x'], b: { c: true } },
    ' a=[1,"x"] b={"c":true}',
  ],
  [
    'writes whole numbers of any size',
    { a: 2n ** 64n, b: [1n] },
    { a: '18446744073709551616', b: ['1'] },
    ' a=18446744073709551616 b=["1"]',
  ],
  ['gives the message of an error with a code', { error: coded }, { error: 'queue is full' }, ' error="queue is full"'],
  [
    'gives the stack of an error without',
    { error: uncoded },
    { error: uncoded.stack },
    ' error="Error: a bug\\n    at here"',
  ],
  ['finds errors inside other values', { errors: [coded] }, { errors: ['queue is full'] }, ' errors=["queue is full"]'],
  ['keeps a line break inside its line', { a: 'x\ny\r\n' }, { a: 'x\ny\r\n' }, ' a="x\\ny\\r\\n"'],
  [
    'writes dates as JSON does',
    { at: new Date(0) },
    { at: '1970-01-01T00:00:00.000Z' },
    ' at="1970-01-01T00:00:00.000Z"',
  ],
];

for (const [does, fields, json, text] of cases) {
  test(`the log ${does}`, () => {
    const machine = aLogger();
    machine.log.info('happened', fields);
    assert.deepEqual(
      machine.lines.map((line) => JSON.parse(line)),
      [{ time: '2026-11-24T13:14:15.678Z', level: 'info', message: 'happened', ...json }],
    );
    const person = aLogger({ format: 'text' });
    person.log.info('happened', fields);
    assert.deepEqual(person.lines, [`13:14:15.678 info  happened${text}\n`]);
  });
}

test('text has the level in colour on a terminal only', () => {
  const { log, lines } = aLogger({ format: 'text', colours: true });
  log.error('failed');
  assert.deepEqual(lines, ['13:14:15.678 \x1b[31merror\x1b[0m failed\n']);
});

for (const [at, level] of LOG_LEVELS.entries()) {
  test(`at level ${level}, the log writes that and what is more important`, () => {
    const { log, lines } = aLogger({ level: 'error' });
    log.setLevel(level);
    for (const each of LOG_LEVELS) log[each]('said');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).level),
      LOG_LEVELS.slice(at),
    );
    assert.deepEqual(LOG_LEVELS.filter(log.isEnabled), LOG_LEVELS.slice(at));
  });
}

test('whatever a field holds, an entry is one line without control characters', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true });
  const hostile = fc.string({ unit: fc.constantFrom('\n', '\r', '\x1b', '\x7f', '\x9b', '\u2028', '"', '\\', 'a') });
  fc.assert(
    fc.property(fc.constantFrom('json', 'text'), fc.oneof(anything, hostile), (format, value) => {
      const { log, lines } = aLogger({ format });
      log.info('happened', { value });
      assert.equal(lines.length, 1);
      const [line = ''] = lines;
      assert.ok(line.endsWith('\n'));
      assert.doesNotMatch(line.slice(0, -1), format === 'text' ? /[\p{Cc}\u2028\u2029]/u : /[\r\n]/);
      if (format === 'json') JSON.parse(line);
    }),
  );
});
