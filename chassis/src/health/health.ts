/** The answer to a probe: yes, or no with the reasons a person can act on. */
export type Finding = { readonly ok: boolean; readonly reasons: readonly string[] };

/** The three questions that Kubernetes asks of a container. */
export type Health = {
  /** Has it finished starting? Until then liveness is not asked. */
  readonly startup: () => Finding;
  /** Does it still turn? If not, it is killed and started again. */
  readonly live: () => Finding;
  /** Should it get requests? Never a matter of load. */
  readonly ready: () => Finding;
};

export function finding(reasons: readonly string[]): Finding {
  return { ok: reasons.length === 0, reasons };
}
