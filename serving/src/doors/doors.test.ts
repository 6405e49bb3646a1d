import { doorConformance } from './conformance.ts';
import { startRestDoor } from './rest-client.ts';

doorConformance('REST', startRestDoor);
