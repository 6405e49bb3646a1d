import { type ByteSource, type Field, ProtobufError, ProtobufReader } from './protobuf.ts';

/** The type of a graph's input or output, as the file declares it (TypeProto in onnx.proto). */
export type OnnxType =
  | { readonly kind: 'tensor'; readonly elementType: number; readonly dimensions: readonly OnnxDimension[] | undefined }
  | { readonly kind: 'other'; readonly text: string };

/** A size, a symbol such as `"N"`, or neither. */
export type OnnxDimension = number | string | undefined;

export type OnnxValue = { readonly name: string; readonly type: OnnxType };

/** What an ONNX file says of itself, without its weights. */
export type OnnxHeader = {
  readonly irVersion: number;
  readonly producer: string;
  readonly graph: string;
  /** Operator set versions by domain; the default domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Operators in use, `Gemm` or `com.example.Frobnicate`, sorted. */
  readonly operators: readonly string[];
  /** Number of weights: the elements of all initializers, and of the constants among the nodes. */
  readonly parameters: number;
  /** Locations of external data as written in the file, relative to it, sorted. */
  readonly externalFiles: readonly string[];
};

/** Why a file is not readable as ONNX; the message is a sentence about the file. */
export class OnnxFormatError extends Error {
  override readonly name = 'OnnxFormatError';
  readonly reason: 'Empty' | 'Truncated' | 'NotOnnx';

  constructor(reason: 'Empty' | 'Truncated' | 'NotOnnx', message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

// Graphs nest in the attributes of If, Loop and Scan; a file that nests deeper than this is made to hurt.
const MAX_NESTING = 64;

/**
 * Reads an ONNX file's header: signature, operator sets, operators, external files. Weights are skipped, not read.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 *
 * @throws OnnxFormatError when the bytes are empty, cut off, or not an ONNX model
 */
export function readOnnxHeader(source: ByteSource): OnnxHeader {
  if (source.size === 0) throw new OnnxFormatError('Empty', 'the file is empty');
  try {
    return new HeaderReader(source).model();
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    if (error.reason === 'Truncated' && looksLikeOnnx(source)) {
      throw new OnnxFormatError(
        'Truncated',
        `the file is cut off: it has ${source.size} bytes and ${error.message}; copy it again`,
        { cause: error },
      );
    }
    throw notOnnx(error);
  }
}

function notOnnx(cause?: ProtobufError): OnnxFormatError {
  const why = cause === undefined ? 'it holds no graph' : cause.message;
  return new OnnxFormatError('NotOnnx', `the file is not an ONNX model (${why})`, { cause });
}

/** An ONNX file begins with its IR version: field 1, a small number. Text, zip and HDF5 files do not. */
function looksLikeOnnx(source: ByteSource): boolean {
  const start = source.read(0, Math.min(2, source.size));
  return start[0] === 0x08 && (start[1] ?? 1) < 0x80;
}

function other(noun: string): OnnxType {
  return { kind: 'other', text: `${noun.startsWith('optional') ? 'an' : 'a'} ${noun}` };
}

/** `sequence of maps` → `sequences of maps`, `sparse tensor` → `sparse tensors`. */
function plural(noun: string): string {
  return noun.replace(/^(?:(?:optional|sparse) )*\w+/, '$&s');
}

type Message = { readonly start: number; readonly end: number };

class HeaderReader {
  readonly #reader: ProtobufReader;
  readonly #operators = new Set<string>();
  readonly #externalFiles = new Set<string>();
  #parameters = 0;

  constructor(source: ByteSource) {
    this.#reader = new ProtobufReader(source);
  }

  model(): OnnxHeader {
    let irVersion = 0;
    let producer = '';
    let producerVersion = '';
    let graph: Message | undefined;
    const opsets = new Map<string, number>();
    for (const field of this.#reader.fields(0, this.#reader.size)) {
      if (field.number === 1 && field.kind === 'varint') irVersion = Number(field.value);
      else if (field.number === 2) producer = this.#text(field);
      else if (field.number === 3) producerVersion = this.#text(field);
      else if (field.number === 7) graph = this.#message(field);
      else if (field.number === 8) {
        const { domain, version } = this.#opset(this.#message(field));
        opsets.set(domain, version);
      } else if (field.number === 25) this.#function(this.#message(field));
    }
    if (graph === undefined || irVersion === 0) throw notOnnx();
    const { name, inputs, outputs } = this.#graph(graph, 0);
    return {
      irVersion,
      producer: [producer, producerVersion].filter((part) => part !== '').join(' '),
      graph: name,
      opsets: Object.fromEntries(opsets),
      inputs,
      outputs,
      operators: [...this.#operators].sort(),
      parameters: this.#parameters,
      externalFiles: [...this.#externalFiles].sort(),
    };
  }

  #graph(message: Message, nesting: number) {
    if (nesting > MAX_NESTING) throw new ProtobufError('Malformed', `graphs nest deeper than ${MAX_NESTING}`);
    let name = '';
    const inputs: OnnxValue[] = [];
    const outputs: OnnxValue[] = [];
    const initializers = new Set<string>();
    for (const field of this.#fields(message)) {
      if (field.number === 1) this.#node(this.#message(field), nesting);
      else if (field.number === 2) name = this.#text(field);
      else if (field.number === 5) initializers.add(this.#tensor(this.#message(field)));
      else if (field.number === 11) inputs.push(this.#valueInfo(this.#message(field)));
      else if (field.number === 12) outputs.push(this.#valueInfo(this.#message(field)));
      else if (field.number === 15) initializers.add(this.#sparseTensor(this.#message(field)));
    }
    // Before IR version 4 the initializers were listed among the inputs; nobody sends those.
    return { name, inputs: inputs.filter((input) => !initializers.has(input.name)), outputs };
  }

  #node(message: Message, nesting: number): void {
    let operator = '';
    let domain = '';
    for (const field of this.#fields(message)) {
      if (field.number === 4) operator = this.#text(field);
      else if (field.number === 5) this.#attribute(this.#message(field), nesting);
      else if (field.number === 7) domain = this.#text(field);
    }
    this.#operators.add(domain === '' || domain === 'ai.onnx' ? operator : `${domain}.${operator}`);
  }

  #attribute(message: Message, nesting: number): void {
    for (const field of this.#fields(message)) {
      if (field.number === 5 || field.number === 10) this.#tensor(this.#message(field));
      else if (field.number === 6 || field.number === 11) this.#graph(this.#message(field), nesting + 1);
      else if (field.number === 22 || field.number === 23) this.#sparseTensor(this.#message(field));
    }
  }

  #function(message: Message): void {
    for (const field of this.#fields(message)) {
      if (field.number === 7) this.#node(this.#message(field), 0);
    }
  }

  /** Counts the tensor's elements, notes its external file, and returns its name. */
  #tensor(message: Message): string {
    let name = '';
    let isExternal = false;
    let location: string | undefined;
    let elements = 1;
    for (const field of this.#fields(message)) {
      if (field.number === 1) {
        for (const dimension of this.#varints(field)) elements *= Number(dimension);
      } else if (field.number === 8) name = this.#text(field);
      else if (field.number === 13) {
        const { key, value } = this.#entry(this.#message(field));
        if (key === 'location') location = value;
      } else if (field.number === 14 && field.kind === 'varint') isExternal = field.value === 1n;
    }
    this.#parameters += elements;
    if (isExternal && location !== undefined) this.#externalFiles.add(location);
    return name;
  }

  /** A sparse tensor is two tensors, its values and their places, and is known by the name of the first. */
  #sparseTensor(message: Message): string {
    let name = '';
    for (const field of this.#fields(message)) {
      if (field.number === 1) name = this.#tensor(this.#message(field));
      else if (field.number === 2) this.#tensor(this.#message(field));
    }
    return name;
  }

  #valueInfo(message: Message): OnnxValue {
    let name = '';
    let type: OnnxType = other('value without a type');
    for (const field of this.#fields(message)) {
      if (field.number === 1) name = this.#text(field);
      else if (field.number === 2) type = this.#type(this.#message(field), 0);
    }
    return { name, type };
  }

  #type(message: Message, nesting: number): OnnxType {
    if (nesting > MAX_NESTING) throw new ProtobufError('Malformed', `types nest deeper than ${MAX_NESTING}`);
    for (const field of this.#fields(message)) {
      if (field.number === 1) return this.#tensorType(this.#message(field));
      if (field.number === 4) return other(`sequence of ${plural(this.#innerType(field, nesting))}`);
      if (field.number === 5) return other('map');
      if (field.number === 8) return other('sparse tensor');
      if (field.number === 9) return other(`optional ${this.#innerType(field, nesting)}`);
    }
    return other('value without a type');
  }

  /** What a sequence or an optional holds, as a noun. */
  #innerType(outer: Field, nesting: number): string {
    for (const field of this.#fields(this.#message(outer))) {
      if (field.number !== 1) continue;
      const inner = this.#type(this.#message(field), nesting + 1);
      return inner.kind === 'tensor' ? 'tensor' : inner.text.replace(/^an? /, '');
    }
    return 'value without a type';
  }

  #tensorType(message: Message): OnnxType {
    let elementType = 0;
    let dimensions: OnnxDimension[] | undefined;
    for (const field of this.#fields(message)) {
      if (field.number === 1 && field.kind === 'varint') elementType = Number(field.value);
      else if (field.number === 2) {
        dimensions = [];
        for (const dimension of this.#fields(this.#message(field))) {
          if (dimension.number === 1) dimensions.push(this.#dimension(this.#message(dimension)));
        }
      }
    }
    return { kind: 'tensor', elementType, dimensions };
  }

  #dimension(message: Message): OnnxDimension {
    for (const field of this.#fields(message)) {
      if (field.number === 1 && field.kind === 'varint') {
        const size = BigInt.asIntN(64, field.value);
        return size < 0n ? undefined : Number(size);
      }
      if (field.number === 2) {
        const symbol = this.#text(field);
        return symbol === '' ? undefined : symbol;
      }
    }
    return undefined;
  }

  #opset(message: Message): { domain: string; version: number } {
    let domain = '';
    let version = 0;
    for (const field of this.#fields(message)) {
      if (field.number === 1) domain = this.#text(field);
      else if (field.number === 2 && field.kind === 'varint') version = Number(BigInt.asIntN(64, field.value));
    }
    return { domain: domain === '' ? 'ai.onnx' : domain, version };
  }

  #entry(message: Message): { key: string; value: string } {
    let key = '';
    let value = '';
    for (const field of this.#fields(message)) {
      if (field.number === 1) key = this.#text(field);
      else if (field.number === 2) value = this.#text(field);
    }
    return { key, value };
  }

  #fields(message: Message): Generator<Field> {
    return this.#reader.fields(message.start, message.end);
  }

  #varints(field: Field): Iterable<bigint> {
    if (field.kind === 'varint') return [field.value];
    return field.kind === 'bytes' ? this.#reader.packed(field) : [];
  }

  #message(field: Field): Message {
    if (field.kind === 'bytes') return field;
    throw new ProtobufError('Malformed', `field ${field.number} is not a message`);
  }

  #text(field: Field): string {
    if (field.kind === 'bytes') return this.#reader.text(field);
    throw new ProtobufError('Malformed', `field ${field.number} is not a text`);
  }
}
