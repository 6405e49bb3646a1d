/** What the end of a program asks of it, in this order. */
export type ShutdownSteps = {
  /** Says that no new work should come: readiness goes false, clients are told to leave. */
  readonly announce: (signal: string) => void;
  /** Takes no new work any more and resolves when all that was accepted is answered. */
  readonly finish: () => Promise<void>;
  /** `error` is why it could not finish. */
  readonly exit: (code: number, error?: unknown) => void;
};

export type ShutdownOptions = {
  /** How long new work is still accepted after SIGTERM, while the cluster learns that this pod is leaving. */
  readonly delayMs: number;
  /** After this long in all, it ends with what it has. */
  readonly graceMs: number;
  readonly signals: { on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown };
  readonly sleep: (ms: number) => Promise<void>;
};

/**
 * Ends a program the way Kubernetes and people ask for it.
 *
 * | signal  | before             | then                                                              |
 * | SIGTERM | running            | announce, accept for `delayMs`, finish, exit 0                    |
 * | SIGTERM | ending             | nothing                                                           |
 * | SIGINT  | running            | announce, finish at once, exit 0                                  |
 * | SIGINT  | waiting on SIGTERM | nothing more than what already happens; the next one exits        |
 * | SIGINT  | after a SIGINT     | exit 130                                                          |
 * | none    | ending, `graceMs`  | exit 1                                                            |
 */
export function shutdownOnSignals(options: ShutdownOptions, steps: ShutdownSteps): void {
  let isEnding = false;
  let interrupts = 0;

  const end = async (signal: string, delayMs: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    steps.announce(signal);
    void options.sleep(options.graceMs).then(() => steps.exit(1));
    await options.sleep(delayMs);
    try {
      await steps.finish();
    } catch (error) {
      steps.exit(1, error);
      return;
    }
    steps.exit(0);
  };

  options.signals.on('SIGTERM', () => void end('SIGTERM', options.delayMs));
  options.signals.on('SIGINT', () => {
    interrupts++;
    if (interrupts > 1) steps.exit(130);
    else void end('SIGINT', 0);
  });
}
