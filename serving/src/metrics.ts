import { type Counter, type Histogram, Registry } from '@berth/chassis/metrics';
import type { ServingErrorCode } from '@berth/core/inference';

// docs/adr/0005 fixes these names, units and labels: rules, dashboards and scaling read them.
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** The protocol that a request came by. */
export const DOORS = ['predict', 'v2', 'v1'] as const;
export type Door = (typeof DOORS)[number];

/** What is counted for one version of a model; bound to its labels once. */
export type ModelMeters = {
  readonly requests: Readonly<Record<Door, Counter>>;
  readonly duration: Histogram;
  readonly batchRows: Histogram;
  readonly runDuration: Histogram;
  inFlight: number;
};

export type ServingMetrics = {
  readonly registry: Registry;
  readonly forModel: (name: string, version: string) => ModelMeters;
  /** Counts a request that was not answered as asked. `model` is empty where it named none that is here. */
  readonly failed: (model: string, code: ServingErrorCode) => void;
  readonly all: () => Iterable<readonly [labels: readonly [name: string, version: string], meters: ModelMeters]>;
};

export function createServingMetrics(): ServingMetrics {
  const registry = new Registry();
  const labels = ['model', 'version'];
  const requests = registry.counter(
    'berth_requests_total',
    'Inference requests that a model was asked, answered well or not.',
    [...labels, 'protocol'],
  );
  const errors = registry.counter('berth_request_errors_total', 'Requests answered with an error, by its code.', [
    'model',
    'code',
  ]);
  const duration = registry.histogram(
    'berth_request_duration_seconds',
    'Time from a request having been read to its answer being written, errors included.',
    labels,
    SECONDS,
  );
  const runs = registry.histogram('berth_run_duration_seconds', 'Time of one run of a model.', labels, SECONDS);
  const rows = registry.histogram('berth_batch_rows', 'Rows computed in one run of a model.', labels, ROWS);

  const meters = new Map<string, readonly [readonly [string, string], ModelMeters]>();
  return {
    registry,
    forModel: (name, version) => {
      const key = `${name}/${version}`;
      let entry = meters.get(key);
      if (entry === undefined) {
        const bound = (door: Door) => requests.with(name, version, door);
        entry = [
          [name, version],
          {
            requests: { predict: bound('predict'), v2: bound('v2'), v1: bound('v1') },
            duration: duration.with(name, version),
            batchRows: rows.with(name, version),
            runDuration: runs.with(name, version),
            inFlight: 0,
          },
        ];
        meters.set(key, entry);
      }
      return entry[1];
    },
    failed: (model, code) => errors.with(model, code).add(),
    all: () => meters.values(),
  };
}
