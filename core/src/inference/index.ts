export { askedOutputs, checkInputs, checkShape, inputSpec } from './check-tensors.ts';
export {
  allocate,
  copyData,
  DATATYPES,
  type Datatype,
  dataBytes,
  isDatatype,
  sliceData,
  type TensorData,
} from './datatype.ts';
export {
  bodyInvalid,
  listed,
  modelNotFound,
  SERVING_ERROR_CODES,
  ServingError,
  type ServingErrorCode,
  shortened,
  tensorInvalid,
  versionNotFound,
} from './errors.ts';
export { elementCount, type Signature, shapeText, type Tensor, type TensorSpec } from './tensor.ts';
