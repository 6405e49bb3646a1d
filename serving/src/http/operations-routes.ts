import type { Health } from '@berth/chassis/health';
import type { Route } from '@berth/chassis/http';
import { healthAnswer } from './answers.ts';

/** What the metrics port answers: probes and Prometheus, in plain HTTP and without keys. */
export function operationsRoutes(health: Health, metricsText: () => string): readonly Route[] {
  return [
    ['GET', '/startupz', () => healthAnswer('started', health.startup())],
    ['GET', '/livez', () => healthAnswer('live', health.live())],
    ['GET', '/readyz', () => healthAnswer('ready', health.ready())],
    [
      'GET',
      '/metrics',
      () => ({ status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: metricsText() }),
    ],
    [
      'GET',
      '/',
      () => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: '/metrics  /startupz  /livez  /readyz\n',
      }),
    ],
  ];
}
