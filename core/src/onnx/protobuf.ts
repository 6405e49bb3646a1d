/** Random access to the bytes of a file or buffer. `read` returns exactly `length` bytes; it is never asked for more. */
export type ByteSource = {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
};

export type Field =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly start: number; readonly end: number }
  | { readonly number: number; readonly kind: 'fixed' };

/** The bytes are not a protobuf message, or end inside one. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  readonly reason: 'Truncated' | 'Malformed';

  constructor(reason: 'Truncated' | 'Malformed', message: string) {
    super(message);
    this.reason = reason;
  }
}

const WINDOW_BYTES = 64 * 1024;

/** Names and versions are far shorter; a text beyond this would be weights, or made to hurt. */
const MAX_TEXT_BYTES = 1024 * 1024;

// A name that begins with a byte order mark keeps it: ONNX Runtime knows it by all its bytes.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads protobuf fields by position, through a small window, so that the weights between two fields are never read.
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  readonly #source: ByteSource;
  #window = new Uint8Array(0);
  #windowStart = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  /** The fields of the message in `start`…`end`, in file order. @throws ProtobufError */
  *fields(start: number, end: number): Generator<Field> {
    let at = start;
    while (at < end) {
      const tag = this.#varint(at, end);
      at = tag.next;
      const number = Number(tag.value >> 3n);
      const wireType = Number(tag.value & 7n);
      if (number === 0) throw new ProtobufError('Malformed', `field number 0 at byte ${at}`);
      if (wireType === 0) {
        const { value, next } = this.#varint(at, end);
        at = next;
        yield { number, kind: 'varint', value };
      } else if (wireType === 2) {
        const { value, next } = this.#varint(at, end);
        const stop = next + Number(value);
        if (stop > end) throw this.#endsEarly(stop - end, end);
        at = stop;
        yield { number, kind: 'bytes', start: next, end: stop };
      } else if (wireType === 1 || wireType === 5) {
        at += wireType === 1 ? 8 : 4;
        if (at > end) throw this.#endsEarly(at - end, end);
        yield { number, kind: 'fixed' };
      } else {
        throw new ProtobufError('Malformed', `wire type ${wireType} at byte ${at}`);
      }
    }
  }

  /** @throws ProtobufError for a text of more than 1 MiB */
  text({ start, end }: Extract<Field, { kind: 'bytes' }>): string {
    if (end - start > MAX_TEXT_BYTES) throw new ProtobufError('Malformed', `a text of ${end - start} bytes`);
    return UTF8.decode(this.#source.read(start, end - start));
  }

  /** The varints of a packed repeated field. @throws ProtobufError */
  *packed(field: Extract<Field, { kind: 'bytes' }>): Generator<bigint> {
    for (let at = field.start; at < field.end; ) {
      const { value, next } = this.#varint(at, field.end);
      yield value;
      at = next;
    }
  }

  #varint(start: number, end: number): { readonly value: bigint; readonly next: number } {
    let value = 0;
    let scale = 1;
    let at = start;
    // Four bytes stay within exact numbers; the rare longer ones go on as bigint.
    for (; at < start + 4; at++) {
      const byte = this.#byte(at, end);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return { value: BigInt(value), next: at + 1 };
      scale *= 128;
    }
    let long = BigInt(value);
    for (let shift = 28n; shift < 70n; shift += 7n, at++) {
      const byte = this.#byte(at, end);
      long |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return { value: BigInt.asUintN(64, long), next: at + 1 };
    }
    throw new ProtobufError('Malformed', `a number of more than 64 bits at byte ${start}`);
  }

  #byte(at: number, end: number): number {
    if (at >= end) throw this.#endsEarly(1, end);
    let inWindow = at - this.#windowStart;
    if (inWindow < 0 || inWindow >= this.#window.length) {
      this.#window = this.#source.read(at, Math.min(WINDOW_BYTES, this.#source.size - at)) as Uint8Array<ArrayBuffer>;
      this.#windowStart = at;
      inWindow = 0;
    }
    return this.#window[inWindow] as number;
  }

  /** Only the source itself can be cut off; a message within it that ends early is damaged. */
  #endsEarly(missing: number, end: number): ProtobufError {
    return end === this.size
      ? new ProtobufError('Truncated', `at least ${missing} byte(s) are missing after byte ${end}`)
      : new ProtobufError('Malformed', `a field goes ${missing} byte(s) beyond its message, which ends at byte ${end}`);
  }
}
