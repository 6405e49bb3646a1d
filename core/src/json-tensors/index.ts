export { type ElementName, InexactInteger, parseExactly, readData } from './read.ts';
export { exactFloat, type FloatText, shortFloat32, writeData, writeNested } from './write.ts';
