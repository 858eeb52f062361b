/**
 * What every HTTP request passes first, on both listeners, before routing and before a body is read: exactly one
 * known Host, Origin, fetch metadata, target form, method, media type, size. And how a listener is bound.
 *
 * `refusal-table.ts` is the one table of what every refusal says on every wire: problems (RFC 9457), OAuth errors, challenges.
 *
 * Refusals here are alike for every reason, so that a page cannot tell what runs on the port.
 * @see RFC 9110, section 7.2 (Host) and 15.5.20 (421) · Fetch Metadata Request Headers
 */

export type { BindOptions, Listener } from './bind-loopback.ts';
export { bindBothLoopbacks, bindLoopback, isOwnPort } from './bind-loopback.ts';
export type { SocketListener } from './bind-socket.ts';
export { bindSocket, ownSocketOf } from './bind-socket.ts';
export type { CheckedRequest, GateRules, RouteRule } from './check-request.ts';
export { checkRequest } from './check-request.ts';
export type { RequestHandler } from './limited-server.ts';
export { challengeOf, guidanceOf, problemOf, refusalOf, sendProblem } from './problems.ts';
export { findProtocolError } from './protocol-errors.ts';
export { fieldsOfRefusal, rateLimitFields } from './rate-limit-fields.ts';
export { readBody } from './read-body.ts';
export { renderRefusalPage } from './refusal-page.ts';
export { refusalTable } from './refusal-table.ts';
export { setSecurityHeaders } from './security-headers.ts';
