import { fakeRunner } from '../testing/fake-runner.ts';
import { runnerConformance } from './conformance.ts';
import { RUNNERS } from './open-runner.ts';

runnerConformance('inline', RUNNERS.inline);
runnerConformance('thread', RUNNERS.thread);
runnerConformance('fake', fakeRunner());
