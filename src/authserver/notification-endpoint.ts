import { isOwnPort } from '../gate/gate.ts';

/** Where a ping goes: an address of this machine, spelled out. */
export interface NotificationEndpoint {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
  /** With its query. */
  readonly path: string;
}

// security: spelled as it is dialled, so there is no name to resolve and no other way to write the address
const spelling = /^http:\/\/(127\.0\.0\.1|\[::1\]):([1-9][0-9]{3,4})(\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?$/;
const longestUrl = 500;
/** Below it lie the system's own services, and an agent cannot listen there. */
const lowestPort = 1024;

/**
 * The endpoint of `backchannel_client_notification_endpoint`, or `undefined` when a ping may not go there: anything but plain HTTP to a
 * literal loopback address, with its port, and a port of ours. Ours are other ones after a restart, so ask again before each ping.
 */
export function parseNotificationEndpoint(text: unknown): NotificationEndpoint | undefined {
  const match = typeof text === 'string' && text.length <= longestUrl ? spelling.exec(text) : null;
  if (match === null) return undefined;
  const port = Number(match[2]);
  if (port < lowestPort || port > 65_535 || isOwnPort(port)) return undefined;
  return { host: match[1] === '[::1]' ? '::1' : '127.0.0.1', port, path: match[3] ?? '/' };
}

/** RFC 6750, section 2.1. */
const bearerToken = /^[A-Za-z0-9._~+/-]+=*$/;
const longestToken = 1024;
const leastBits = 128;
const leastDistinct = 8;

/** Why this is no `client_notification_token`, or `undefined` when it is one. @see CIBA Core 1.0, section 7.1 */
export function faultOfNotificationToken(token: unknown): string | undefined {
  if (typeof token !== 'string' || token === '') return 'is missing';
  if (token.length > longestToken) return `must not exceed ${longestToken} characters`;
  if (!bearerToken.test(token)) return 'must be a valid bearer token';
  if (mostBitsIn(token) < leastBits) return `must have at least ${leastBits} bits of entropy`;
  return undefined;
}

/** As many bits as a random text over this alphabet could have. What was not drawn at random cannot be told from it. */
function mostBitsIn(token: string): number {
  const text = token.replace(/=+$/, '');
  if (new Set(text).size < leastDistinct) return 0;
  const [alphabet, separators] = alphabetOf(text);
  return text.replace(separators, '').length * Math.log2(alphabet);
}

/** How many different characters it draws from, and what among them separates only, as in a UUID. */
function alphabetOf(text: string): readonly [size: number, separators: RegExp] {
  const separators = /[._~+/-]/g;
  const plain = text.replace(separators, '');
  if (/^[0-9]+$/.test(plain)) return [10, separators];
  if (/^([0-9a-f]+|[0-9A-F]+)$/.test(plain)) return [16, separators];
  if (/^([0-9a-z]+|[0-9A-Z]+)$/.test(plain)) return [36, separators];
  return [64, /$^/g];
}
