import type { Finding } from '@berth/chassis/health';
import { type HttpAnswer, JSON_TYPE } from '@berth/chassis/http';

/**
 * A probe's answer: the status speaks; KServe's client also reads `{"live": true}` or `{"ready": true}`. The reasons
 * name models.
 */
export function healthAnswer(
  question: 'live' | 'ready' | 'started',
  { ok, reasons }: Finding,
  tellsReasons = true,
): HttpAnswer {
  return {
    status: ok ? 200 : 503,
    headers: JSON_TYPE,
    body: JSON.stringify({ [question]: ok, ...(!ok && tellsReasons && { reasons }) }),
  };
}

/** 200 with JSON: text that is JSON already, or a value to write as JSON. */
export function json(value: unknown): HttpAnswer {
  return { status: 200, headers: JSON_TYPE, body: typeof value === 'string' ? value : JSON.stringify(value) };
}
