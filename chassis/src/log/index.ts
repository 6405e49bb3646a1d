export { createLogger, LOG_LEVELS, type LogFields, type LogFormat, type Logger, type LogLevel } from './logger.ts';
