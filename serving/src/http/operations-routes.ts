import type { Health } from '@berth/chassis/health';
import type { Route } from '@berth/chassis/http';
import { healthAnswer } from './answers.ts';
import { type Endpoint, open } from './endpoint.ts';

/** What the metrics port answers: probes and Prometheus, in plain HTTP and without keys. */
export function operationsRoutes(health: Health, metricsText: () => string): readonly Route<Endpoint>[] {
  return [
    ['GET', '/startupz', open(() => healthAnswer('started', health.startup()))],
    ['GET', '/livez', open(() => healthAnswer('live', health.live()))],
    ['GET', '/readyz', open(() => healthAnswer('ready', health.ready()))],
    [
      'GET',
      '/metrics',
      open(() => ({ status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: metricsText() })),
    ],
    [
      'GET',
      '/',
      open(() => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: '/metrics  /startupz  /livez  /readyz\n',
      })),
    ],
  ];
}
