import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { readLimits } from '@berth/chassis/cgroup';
import { finding, type Health } from '@berth/chassis/health';
import type { HttpAdmission, HttpAnswer, Refusal } from '@berth/chassis/http';
import { followKeyFolder, KeyRing } from '@berth/chassis/keys';
import type { Logger } from '@berth/chassis/log';
import { listed, ServingError } from '@berth/core/inference';
import { reloaded, type ServerConfig } from './config.ts';
import { DataPlane } from './data-plane/data-plane.ts';
import { Gate } from './data-plane/gate.ts';
import { createApp } from './http/app.ts';
import { errorAnswer } from './http/errors.ts';
import { operationsRoutes } from './http/operations-routes.ts';
import { predictRoutes } from './http/predict-routes.ts';
import { rootRoute } from './http/root-route.ts';
import { v1Routes } from './http/v1-routes.ts';
import { v2Routes } from './http/v2-routes.ts';
import { createServingMetrics, type ServingMetrics } from './metrics.ts';
import { Catalog } from './models/catalog.ts';
import { loadRepository } from './models/load-repository.ts';
import { registerObservedMetrics } from './observed-metrics.ts';
import { RepositoryError, scanRepository } from './repository/scan-repository.ts';

const KEYS_LOOK_MS = 1000;

export type ServeOptions = {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly versions: { readonly server: string; readonly onnxruntime: string };
};

/** The model server without its sockets: what its ports answer, and its life. */
export type Assembly = {
  /** Answers the REST port. */
  readonly admit: HttpAdmission;
  /** Answers the metrics port. */
  readonly admitOperations: HttpAdmission;
  /** The answer to a request whose body cannot be taken. */
  readonly refuse: (refusal: Refusal) => HttpAnswer;
  readonly asksForKeys: () => boolean;
  readonly config: () => ServerConfig;
  readonly catalog: Catalog;
  readonly health: Health;
  readonly metrics: ServingMetrics;
  /** Loads the repository's models; resolves when each has been loaded or has failed to. */
  readonly load: () => Promise<void>;
  /** Registers what the sockets know, for the metrics. */
  readonly observe: (connections: () => number) => void;
  readonly reconfigure: (config: ServerConfig) => void;
  /** From now on the server is not ready. */
  readonly startDraining: () => void;
  /** Loads no further model; the one being loaded is finished. */
  readonly stopLoading: () => void;
  /** Frees the models, and looks after the keys no longer. */
  readonly close: () => Promise<void>;
};

/**
 * Puts the server together from its configuration.
 *
 * @throws RepositoryError when there is nothing to serve; KeysError when the key files cannot be used
 */
export function assemble({ config: initial, log, versions }: ServeOptions): Assembly {
  let config = initial;
  let isDraining = false;
  let isStopping = false;
  const now = () => performance.now();
  const containerLimits = readLimits(readIfThere);
  const models = scanRepository(config.models);
  const names = models.map(({ name }) => name);
  if (config.defaultModel !== undefined && !names.includes(config.defaultModel)) {
    throw new RepositoryError(
      `defaultModel is "${config.defaultModel}", and the models here are ${listed(names)}: name one of these, or none`,
    );
  }

  const catalog = new Catalog(config.defaultModel, now);
  for (const { name } of models) catalog.set(name, '', { phase: 'waiting' });
  const metrics = createServingMetrics();
  const plane = new DataPlane({
    catalog,
    metrics,
    limits: () => ({ timeoutMs: config.requestTimeoutMs, answerElements: config.maxAnswerElements }),
    now,
  });
  const health: Health = {
    startup: () => catalog.startup(),
    live: () => catalog.live(config.livenessStallMs),
    ready: () => (isDraining ? finding(['the server is ending']) : catalog.ready()),
  };
  const queueLimits = () => ({ requests: config.maxQueueRequests, bytes: config.maxQueueBytes });

  const idPrefix = randomBytes(4).toString('hex');
  let requests = 0;
  const failed = ({ model, code }: ServingError) => metrics.failed(model, code);
  const tools = { log, now, randomBytes };
  const keys =
    config.keys === undefined
      ? { ring: new KeyRing(), stop: () => {} }
      : followKeyFolder({ folder: config.keys, lookMs: KEYS_LOOK_MS, log });

  return {
    admit: createApp({
      ...tools,
      gate: new Gate(keys.ring, catalog),
      failed,
      routes: [
        rootRoute(catalog, config.serverName, versions.server),
        ...predictRoutes(plane),
        ...v2Routes({
          plane,
          health,
          serverName: config.serverName,
          serverVersion: versions.server,
          newId: () => `${idPrefix}-${++requests}`,
        }),
        ...v1Routes(plane),
      ],
    }),
    admitOperations: createApp({
      ...tools,
      gate: new Gate(new KeyRing(), catalog),
      // A scrape that missed is no request of a model.
      failed: () => {},
      routes: operationsRoutes(health, () => metrics.registry.text()),
    }),
    refuse: (refusal) => {
      const error = refusalError(refusal);
      failed(error);
      return errorAnswer(error);
    },
    asksForKeys: () => keys.ring.asksForKeys,
    config: () => config,
    catalog,
    health,
    metrics,
    load: () =>
      loadRepository(models, {
        top: realpathSync(config.models),
        catalog,
        log,
        cpuCores: containerLimits.cpuCores,
        isStopping: () => isStopping,
        queueLimits,
        now,
        residentBytes: () => process.memoryUsage.rss(),
        ran: (name, version) => {
          const { batchRows, runDuration } = metrics.forModel(name, version);
          return (rows, durationMs) => {
            batchRows.observe(rows);
            runDuration.observe(durationMs / 1000);
          };
        },
      }),
    observe: (connections) =>
      registerObservedMetrics(metrics, {
        catalog,
        queueLimits,
        memoryLimitBytes: containerLimits.memoryBytes,
        connections,
        isDraining: () => isDraining,
        build: { version: versions.server, node: process.versions.node, onnxruntime: versions.onnxruntime },
      }),
    reconfigure: (changed) => {
      config = reloaded(config, changed);
      log.setLevel(changed.logLevel);
    },
    startDraining: () => {
      isDraining = true;
    },
    stopLoading: () => {
      isStopping = true;
    },
    close: async () => {
      keys.stop();
      await Promise.all(catalog.loaded().map((model) => model.close()));
    },
  };
}

function refusalError(refusal: Refusal): ServingError {
  return refusal.kind === 'tooLarge'
    ? new ServingError('BodyTooLarge', `the body is larger than the limit of ${refusal.limit} bytes (maxRequestBytes)`)
    : new ServingError(
        'ServerBusy',
        'other requests take all the memory set aside for bodies and answers (maxBodiesBytes): try again later',
      );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
