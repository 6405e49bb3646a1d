import type { Health } from '@berth/chassis/health';
import { createHttpServer, type HttpAdmission } from '@berth/chassis/http';
import { assemble, type ServeOptions } from './assemble.ts';
import type { ServerConfig } from './config.ts';

/** A server that runs. */
export type ModelServer = {
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly health: Health;
  /** A path whose GET shows a prediction. */
  readonly tryPath: () => string;
  readonly asksForKeys: () => boolean;
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
 * @throws RepositoryError when there is nothing to serve; KeysError when the key files cannot be used; Error
 *   (EADDRINUSE …) when a port cannot be had
 */
export async function startServer(options: ServeOptions): Promise<ModelServer> {
  const { config, log } = options;
  const assembly = assemble(options);
  const open = (admit: HttpAdmission) =>
    createHttpServer({
      admit,
      refuse: assembly.refuse,
      limits: () => {
        const { maxRequestBytes, maxBodiesBytes } = assembly.config();
        return { bodyBytes: maxRequestBytes, allBodiesBytes: maxBodiesBytes };
      },
      connectionMaxAgeMs: config.connectionMaxAgeMs,
      now: () => performance.now(),
      random: Math.random,
    });
  const http = open(assembly.admit);
  const operations = open(assembly.admitOperations);
  assembly.observe(http.connections);

  const metricsPort = await operations.listen(config.host, config.metricsPort);
  const httpPort = await http.listen(config.host, config.httpPort).catch(async (error) => {
    await operations.close();
    throw error;
  });
  log.info('listening', { host: config.host, http_port: httpPort, metrics_port: metricsPort });
  const loaded = assembly.load();

  return {
    httpPort,
    metricsPort,
    health: assembly.health,
    tryPath: () => assembly.catalog.tryPath(),
    asksForKeys: assembly.asksForKeys,
    loaded,
    reconfigure: assembly.reconfigure,
    startDraining: () => {
      assembly.startDraining();
      http.askClientsToLeave();
    },
    close: async () => {
      assembly.startDraining();
      assembly.stopLoading();
      await http.close();
      await loaded;
      await assembly.close();
      await operations.close();
    },
    unanswered: http.unanswered,
  };
}
