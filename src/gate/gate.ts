/**
 * What every HTTP request passes first, on both listeners, before routing and before a body is read: exactly one
 * known Host, Origin, fetch metadata, target form, method, media type, size. And how a listener is bound, and how a
 * refusal leaves as `application/problem+json` (RFC 9457).
 *
 * Refusals here are alike for every reason, so that a page cannot tell what runs on the port.
 * @see RFC 9110, section 7.2 (Host) and 15.5.20 (421) · Fetch Metadata Request Headers
 */

export type { BindOptions, Listener, RequestHandler } from './bind-loopback.ts';
export { bindBothLoopbacks, bindLoopback } from './bind-loopback.ts';
export type { CheckedRequest, GateRules, RouteRule } from './check-request.ts';
export { checkRequest } from './check-request.ts';
export { problemOf, retryAfterOf, sendProblem } from './problems.ts';
export { readBody } from './read-body.ts';
export { setSecurityHeaders } from './security-headers.ts';
