export {
  type HttpAdmission,
  type HttpAnswer,
  type HttpCall,
  type HttpHandler,
  type HttpHead,
  JSON_TYPE,
  NO_BODY,
} from './call.ts';
export { createHttpServer, type HttpServer, type HttpServerOptions, type Refusal } from './http-server.ts';
export { createRouter, type Route, type RouteMatch, type RouteParameters } from './router.ts';
