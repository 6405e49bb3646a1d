import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufReader } from './protobuf.ts';
import { field, sourceOf, varint } from './testing.ts';

/** All fields of the bytes as a message, those of bytes as text. */
function fieldsOf(bytes: readonly number[]): unknown[] {
  const reader = new ProtobufReader(sourceOf(bytes));
  return Array.from(reader.fields(0, reader.size), (one) =>
    one.kind === 'bytes' ? [one.number, reader.text(one)] : [one.number, one.kind === 'varint' ? one.value : 'fixed'],
  );
}

const messages: ReadonlyArray<readonly [does: string, bytes: readonly number[], expected: unknown[]]> = [
  ['nothing', [], []],
  [
    'small numbers',
    [...field(1, 0), ...field(2, 127)],
    [
      [1, 0n],
      [2, 127n],
    ],
  ],
  ['a number of two bytes', field(1, 300), [[1, 300n]]],
  ['a number of four bytes', field(1, 2 ** 28 - 1), [[1, 2n ** 28n - 1n]]],
  ['a number of five bytes', field(1, 2 ** 28), [[1, 2n ** 28n]]],
  ['the largest number', field(1, 2n ** 64n - 1n), [[1, 2n ** 64n - 1n]]],
  ['a negative number, as its 64 bits', field(1, -1), [[1, 2n ** 64n - 1n]]],
  ['a number with needless bytes', [8, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00], [[1, 1n]]],
  ['a field of a high number', field(1000, 5), [[1000, 5n]]],
  ['a text', field(3, 'é'), [[3, 'é']]],
  ['an empty text', field(3, ''), [[3, '']]],
  ['a byte order mark as part of a text', field(3, '\ufeffx'), [[3, '\ufeffx']]],
  [
    'fixed numbers, which are passed over',
    [0x09, ...Array(8).fill(0), 0x15, ...Array(4).fill(0), ...field(3, 1)],
    [
      [1, 'fixed'],
      [2, 'fixed'],
      [3, 1n],
    ],
  ],
];

for (const [does, bytes, expected] of messages) {
  test(`a reader finds ${does}`, () => assert.deepEqual(fieldsOf(bytes), expected));
}

const damaged: ReadonlyArray<readonly [does: string, bytes: readonly number[], reason: string, message: string]> = [
  ['a tag without its number', [8], 'Truncated', 'at least 1 byte(s) are missing after byte 1'],
  ['a number that is cut off', [8, 0x80, 0x80], 'Truncated', 'at least 1 byte(s) are missing after byte 3'],
  [
    'a text that is cut off',
    field(1, 'abcdef').slice(0, 4),
    'Truncated',
    'at least 4 byte(s) are missing after byte 4',
  ],
  [
    'a length beyond all files',
    [0x0a, ...varint(2n ** 64n - 1n), 1],
    'Truncated',
    'at least 18446744073709552000 byte(s) are missing after byte 12',
  ],
  ['a fixed number that is cut off', [0x0d, 1, 2], 'Truncated', 'at least 2 byte(s) are missing after byte 3'],
  [
    'a number of more than 64 bits',
    [8, ...Array(10).fill(0xff), 1],
    'Malformed',
    'a number of more than 64 bits at byte 1',
  ],
  ['a field number of 0', [0, 1], 'Malformed', 'field number 0 at byte 1'],
  ['a group', [0x0b], 'Malformed', 'wire type 3 at byte 1'],
  ['a wire type that is none', [0x0f], 'Malformed', 'wire type 7 at byte 1'],
  ['a text of a megabyte', field(1, 'x'.repeat(1024 * 1024 + 1)), 'Malformed', 'a text of 1048577 bytes'],
];

for (const [does, bytes, reason, message] of damaged) {
  test(`a reader refuses ${does}`, () => assert.throws(() => fieldsOf(bytes), { reason, message }));
}

test('a field that goes beyond its message is damage, not a file that is cut off', () => {
  const reader = new ProtobufReader(sourceOf([0x0a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  assert.throws(() => [...reader.fields(0, 6)], {
    reason: 'Malformed',
    message: 'a field goes 5 byte(s) beyond its message, which ends at byte 6',
  });
});

test('a packed field has numbers one after the other', () => {
  const reader = new ProtobufReader(sourceOf([...varint(1), ...varint(300), ...varint(-1)]));
  assert.deepEqual(
    [...reader.packed({ number: 1, kind: 'bytes', start: 0, end: reader.size })],
    [1n, 300n, 2n ** 64n - 1n],
  );
});

test('a reader goes back and forth in a source that is larger than its window', () => {
  const first = field(1, 'x'.repeat(100_000));
  const second = field(2, 7);
  const reader = new ProtobufReader(sourceOf([...first, ...second]));
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(
      Array.from(reader.fields(0, reader.size), ({ number }) => number),
      [1, 2],
    );
  }
});
