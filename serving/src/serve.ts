import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { readLimits } from '@berth/chassis/cgroup';
import { finding, type Health } from '@berth/chassis/health';
import { createHttpServer, type HttpServer, type Refusal } from '@berth/chassis/http';
import type { Logger } from '@berth/chassis/log';
import { listed, ServingError } from '@berth/core/inference';
import type { ServerConfig } from './config.ts';
import { DataPlane } from './data-plane/data-plane.ts';
import { createApp } from './http/app.ts';
import { errorAnswer } from './http/errors.ts';
import { operationsRoutes } from './http/operations-routes.ts';
import { predictRoutes } from './http/predict-routes.ts';
import { rootRoute } from './http/root-route.ts';
import { v1Routes } from './http/v1-routes.ts';
import { v2Routes } from './http/v2-routes.ts';
import { createServingMetrics } from './metrics.ts';
import { Catalog } from './models/catalog.ts';
import { loadRepository } from './models/load-repository.ts';
import { registerObservedMetrics } from './observed-metrics.ts';
import { RepositoryError, scanRepository } from './repository/scan-repository.ts';

export type ServeOptions = {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly versions: { readonly server: string; readonly onnxruntime: string };
};

/** A server that runs. */
export type ModelServer = {
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly catalog: Catalog;
  readonly health: Health;
  /** Resolves when every model has been loaded or has failed to. */
  readonly loaded: Promise<void>;
  /** Takes over the settings that can change while running. */
  readonly reconfigure: (config: ServerConfig) => void;
  /** Readiness goes false and clients are told to leave; new work is still taken. */
  readonly startDraining: () => void;
  /** Takes no new work, answers what was taken, frees the models. */
  readonly close: () => Promise<void>;
  readonly unanswered: () => number;
};

/**
 * Starts the model server: listens first, so that probes see it loading, then loads the repository's models.
 *
 * @throws RepositoryError when there is nothing to serve; Error (EADDRINUSE …) when a port cannot be had
 */
export async function startServer({ config: initial, log, versions }: ServeOptions): Promise<ModelServer> {
  let config = initial;
  let isDraining = false;
  const now = () => performance.now();
  const limits = readLimits(readIfThere);
  const models = scanRepository(config.models);
  const names = models.map(({ name }) => name);
  if (config.defaultModel !== undefined && !names.includes(config.defaultModel)) {
    throw new RepositoryError(`defaultModel is "${config.defaultModel}", and the models here are ${listed(names)}`);
  }

  const catalog = new Catalog(config.defaultModel, now);
  for (const { name } of models) catalog.set(name, '', { phase: 'waiting' });
  const metrics = createServingMetrics();
  const plane = new DataPlane({ catalog, metrics, requestTimeoutMs: () => config.requestTimeoutMs, now });
  const health: Health = {
    startup: () => catalog.startup(),
    live: () => catalog.live(config.livenessStallMs),
    ready: () => (isDraining ? finding(['the server is ending']) : catalog.ready()),
  };
  const queueLimits = () => ({ requests: config.maxQueueRequests, bytes: config.maxQueueBytes });

  const idPrefix = randomBytes(4).toString('hex');
  let requests = 0;
  const refuse = (refusal: Refusal) => {
    const error =
      refusal.kind === 'tooLarge'
        ? new ServingError(
            'BodyTooLarge',
            `the body is larger than the limit of ${refusal.limit} bytes (maxRequestBytes)`,
          )
        : new ServingError(
            'QueueFull',
            'the bodies of other requests take all the memory set aside (maxBodiesBytes): try again later',
          );
    metrics.failed('', error.code);
    return errorAnswer(error);
  };
  const open = (routes: Parameters<typeof createApp>[0]['routes']): HttpServer =>
    createHttpServer({
      handle: createApp({ routes, log, now, randomBytes, failed: ({ code }) => metrics.failed('', code) }),
      refuse,
      limits: () => ({ bodyBytes: config.maxRequestBytes, allBodiesBytes: config.maxBodiesBytes }),
      connectionMaxAgeMs: config.connectionMaxAgeMs,
      now,
      random: Math.random,
    });
  const http = open([
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
  ]);
  const operations = open(operationsRoutes(health, () => metrics.registry.text()));
  registerObservedMetrics(metrics, {
    catalog,
    queueLimits,
    memoryLimitBytes: limits.memoryBytes,
    connections: http.connections,
    isDraining: () => isDraining,
    build: { version: versions.server, node: process.versions.node, onnxruntime: versions.onnxruntime },
  });

  const metricsPort = await operations.listen(config.host, config.metricsPort);
  const httpPort = await http.listen(config.host, config.httpPort);
  log.info('listening', { host: config.host, http_port: httpPort, metrics_port: metricsPort });

  const loaded = loadRepository(models, {
    top: realpathSync(config.models),
    catalog,
    log,
    cpuCores: limits.cpuCores,
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
  });

  return {
    httpPort,
    metricsPort,
    catalog,
    health,
    loaded,
    reconfigure: (changed) => {
      config = changed;
      log.setLevel(changed.logLevel);
    },
    startDraining: () => {
      isDraining = true;
      http.askClientsToLeave();
    },
    close: async () => {
      isDraining = true;
      await http.close();
      await loaded;
      await Promise.all(catalog.loaded().map((model) => model.close()));
      await operations.close();
    },
    unanswered: http.unanswered,
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
