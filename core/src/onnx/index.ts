export type { ByteSource } from './protobuf.ts';
export { OnnxFormatError, type OnnxHeader, readOnnxHeader } from './read-header.ts';
export { hasBatchDimension, toSignature } from './to-signature.ts';
