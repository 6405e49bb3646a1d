export type { ByteSource } from './protobuf.ts';
export { type OnnxDimension, OnnxFormatError, type OnnxHeader, type OnnxValue, readOnnxHeader } from './read-header.ts';
export { hasBatchDimension, toSignature } from './to-signature.ts';
