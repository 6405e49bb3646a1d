import type { RunnerKind } from '@berth/core/placement';
import { openInlineRunner } from './inline-runner.ts';
import type { OpenRunner } from './runner.ts';
import { openThreadRunner } from './thread-runner.ts';

export const RUNNERS: Readonly<Record<RunnerKind, OpenRunner>> = { inline: openInlineRunner, thread: openThreadRunner };
