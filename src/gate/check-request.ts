import type { IncomingMessage } from 'node:http';
import { Refusal } from '../base/errors.ts';

/** What one path accepts. Several rules may name the same path with different methods. */
export interface RouteRule {
  /** Matched against the target's path exactly as sent, without its query. */
  readonly path: string;
  /** True when everything that begins with `path` is meant. Default false. */
  readonly prefix?: boolean;
  readonly methods: readonly string[];
  /** Accepted media types of a body, lower case, without parameters. `undefined`: any. */
  readonly mediaTypes?: readonly string[];
  /** Bytes of a body. Default 0: none is accepted. */
  readonly maxBytes?: number;
  /** True when another site may link to it: a top-level GET passes whatever `Sec-Fetch-Site` says. Default false. */
  readonly navigable?: boolean;
}

export interface GateRules {
  /** The listener's own `host:port`, exactly; usually one. */
  readonly hosts: readonly string[];
  /** Origins that may be named in `Origin`. Empty: a request with an `Origin` is refused. */
  readonly origins: readonly string[];
  readonly routes: readonly RouteRule[];
}

/** A request that passed: its target in two parts and the rule it matched. Nothing in it is decoded. */
export interface CheckedRequest {
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  readonly route: RouteRule;
}

/** Headers of which two make it unclear what was asked; Node would keep one of them or join both. */
const singleHeaders = new Set([
  'host',
  'origin',
  'authorization',
  'dpop',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
]);

/** Printable ASCII without space, `#`, `<`, `>`, `"`, backslash, `^`, backquote, braces and bar: what RFC 3986 lets stand in a target. */
const targetPattern = /^\/(?!\/)[!$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]*$/;

/**
 * Refuses what must not reach a door, in the order in which it is dangerous: host, origin, fetch metadata, target, route,
 * method, media type, size. Reads headers only.
 *
 * Refuses `host_refused`, `origin_refused`, `target_refused`, `not_found`, `method_refused`, `media_type_refused`,
 * `too_large`, `invalid_input`.
 */
export function checkRequest(request: IncomingMessage, rules: GateRules): CheckedRequest {
  const counts = countHeaders(request);
  // security: a rebound page has no Origin and is "same-origin"; only Host betrays it
  if (counts.get('host') !== 1 || !rules.hosts.includes(request.headers.host?.toLowerCase() ?? '')) {
    throw new Refusal('host_refused', 'Refused.', { detail: 'host' });
  }
  checkOrigin(request, counts, rules);
  const target = request.url ?? '';
  const split = target.indexOf('?');
  const path = split === -1 ? target : target.slice(0, split);
  const routes = rules.routes.filter((route) => (route.prefix ? path.startsWith(route.path) : path === route.path));
  checkFetchMetadata(request, routes);
  for (const [name, count] of counts) {
    if (count > 1) throw new Refusal('invalid_input', `The header ${name} may be sent once only.`);
  }
  checkTarget(request, target);
  const route = routeFor(request, routes);
  checkBody(request, route);
  return { path, query: split === -1 ? '' : target.slice(split), route };
}

function countHeaders(request: IncomingMessage): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]?.toLowerCase() ?? '';
    if (singleHeaders.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function checkOrigin(request: IncomingMessage, counts: ReadonlyMap<string, number>, rules: GateRules): void {
  const origin = request.headers.origin;
  if (!counts.has('origin')) return;
  if (counts.get('origin') !== 1 || origin === undefined || origin === 'null' || !rules.origins.includes(origin)) {
    throw new Refusal('origin_refused', 'Refused.', { detail: 'origin' });
  }
}

/** Browsers send `Sec-Fetch-Site` to every loopback address; Node's own fetch sends only `Sec-Fetch-Mode: cors`. */
function checkFetchMetadata(request: IncomingMessage, routes: readonly RouteRule[]): void {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest, 'sec-fetch-user': user } = request.headers;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && dest === undefined && user === undefined && (mode === undefined || mode === 'cors')) return;
  const navigation = request.method === 'GET' && mode === 'navigate' && dest === 'document';
  if (site !== undefined && navigation && routes.some((route) => route.navigable)) return;
  throw new Refusal('origin_refused', 'Refused.', { detail: 'fetch metadata' });
}

function checkTarget(request: IncomingMessage, target: string): void {
  if (!targetPattern.test(target)) throw new Refusal('target_refused', 'The request target must be a plain path.');
  if (request.headers.upgrade !== undefined) throw new Refusal('target_refused', 'Upgrades are not offered.');
}

function routeFor(request: IncomingMessage, routes: readonly RouteRule[]): RouteRule {
  if (routes.length === 0) throw new Refusal('not_found', 'There is nothing here.');
  const route = routes.find((candidate) => candidate.methods.includes(request.method ?? ''));
  if (route) return route;
  const allow = [...new Set(routes.flatMap((candidate) => candidate.methods))];
  throw new Refusal('method_refused', 'This method is not offered here.', { members: { allow } });
}

function checkBody(request: IncomingMessage, route: RouteRule): void {
  const maxBytes = route.maxBytes ?? 0;
  const length = request.headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Refusal('invalid_input', 'Content-Length is not a number.');
  const chunked = request.headers['transfer-encoding'] !== undefined;
  if (chunked && length !== undefined) throw new Refusal('invalid_input', 'Content-Length and Transfer-Encoding together.');
  if (Number(length ?? 0) > maxBytes || (chunked && maxBytes === 0)) {
    throw new Refusal('too_large', 'The request body is too large.', { members: { max_bytes: maxBytes } });
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Refusal('media_type_refused', 'A compressed body is not accepted.');
  }
  const hasBody = chunked || Number(length ?? 0) > 0;
  const mustSayType = hasBody || request.method === 'POST';
  if (route.mediaTypes === undefined || !mustSayType) return;
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!route.mediaTypes.includes(mediaType)) {
    throw new Refusal('media_type_refused', 'This media type is not accepted here.', {
      hint: `Send ${route.mediaTypes.join(' or ')}.`,
    });
  }
}
