import { createServingMetrics, type ServingMetrics } from './metrics.ts';
import { Catalog } from './models/catalog.ts';
import type { ModelState } from './models/model.ts';

export type ObservedState = {
  readonly catalog: Catalog;
  readonly queueLimits: () => { readonly requests: number; readonly bytes: number };
  readonly memoryLimitBytes: number | undefined;
  readonly connections: () => number;
  readonly isDraining: () => boolean;
  readonly build: Readonly<Record<'version' | 'node' | 'onnxruntime', string>>;
};

const PHASES = ['waiting', 'loading', 'ready', 'failed'] as const satisfies readonly ModelState['phase'][];

/** Registers the metrics that are read off the server's state when Prometheus asks. */
export function registerObservedMetrics({ registry, all }: ServingMetrics, state: ObservedState): void {
  const { catalog, queueLimits } = state;
  const model = ['model', 'version'];
  type Sample = readonly [labels: readonly string[], value: number];
  const perModel = (read: (loaded: ReturnType<Catalog['loaded']>[number]) => number) => (): Sample[] =>
    catalog.loaded().map((loaded) => [[loaded.name, loaded.version], read(loaded)]);
  const gauge = (name: string, help: string, read: () => Iterable<Sample>) => registry.gauge(name, help, model, read);
  const single = (name: string, help: string, read: () => number | undefined) =>
    registry.gauge(name, help, [], () => {
      const value = read();
      return value === undefined ? [] : [[[], value]];
    });

  gauge('berth_requests_in_flight', 'Inference requests taken and not answered yet.', () =>
    [...all()].map(([labels, { inFlight }]) => [labels, inFlight]),
  );
  gauge(
    'berth_queue_requests',
    'Requests that wait for a run.',
    perModel(({ batcher }) => batcher.waitingRequests),
  );
  gauge(
    'berth_queue_limit_requests',
    'Requests that may wait.',
    perModel(() => queueLimits().requests),
  );
  gauge(
    'berth_queue_bytes',
    'Bytes of tensors that wait for a run.',
    perModel(({ batcher }) => batcher.waitingBytes),
  );
  gauge(
    'berth_queue_limit_bytes',
    'Bytes of tensors that may wait.',
    perModel(() => queueLimits().bytes),
  );
  gauge(
    'berth_model_load_duration_seconds',
    'Time from the start of loading to ready.',
    perModel((m) => m.loadMs / 1000),
  );
  gauge(
    'berth_model_file_bytes',
    'Size of the model file and its external data.',
    perModel((m) => m.fileBytes),
  );
  gauge(
    'berth_model_memory_bytes',
    'Growth of resident memory while the model was loaded: an estimate; the first includes what ONNX Runtime itself takes.',
    perModel((m) => m.memoryBytes),
  );
  registry.gauge(
    'berth_model_phase',
    'Where a version stands: 1 for its phase, 0 for the others.',
    [...model, 'phase'],
    () =>
      catalog
        .states()
        .flatMap(([name, version, { phase }]) =>
          PHASES.map((one): Sample => [[name, version, one], one === phase ? 1 : 0]),
        ),
  );
  registry.gauge(
    'berth_model_info',
    'A loaded version: where it runs and how many rows share a run.',
    [...model, 'runner', 'max_rows'],
    () =>
      catalog
        .loaded()
        .map(({ name, version, runner, maxRows }): Sample => [[name, version, runner, String(maxRows)], 1]),
  );
  registry.gauge('berth_build_info', 'Versions of the server and what it stands on.', Object.keys(state.build), () => [
    [Object.values(state.build), 1],
  ]);
  single('berth_http_connections', 'Open connections on the REST port.', state.connections);
  single('berth_draining', '1 after the server was told to end.', () => (state.isDraining() ? 1 : 0));
  single(
    'berth_memory_limit_bytes',
    'Memory that the container may use; absent without a limit.',
    () => state.memoryLimitBytes,
  );
  single('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss());
  single(
    'process_start_time_seconds',
    'Start time of the process since the Unix epoch in seconds.',
    () => performance.timeOrigin / 1000,
  );
  registry.observedCounter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}

/** Every metric of the server, for the reference page. */
export function describeMetrics(): ReturnType<ServingMetrics['registry']['describe']> {
  const metrics = createServingMetrics();
  registerObservedMetrics(metrics, {
    catalog: new Catalog(undefined, () => 0),
    queueLimits: () => ({ requests: 0, bytes: 0 }),
    memoryLimitBytes: undefined,
    connections: () => 0,
    isDraining: () => false,
    build: { version: '', node: '', onnxruntime: '' },
  });
  return metrics.registry.describe();
}
