import { Refusal } from '../base/errors.ts';

const longest = 300;
/** Addresses, never names: what `localhost` is depends on who asks. */
const hosts: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]']);
const plainPath = /^[\w\-./~]*$/;

/**
 * The one spelling of a local server's URL: its resource indicator, and the audience of its tokens. From here on it is compared exactly.
 *
 * Refuses `invalid_input` for what is not a plain http(s) URL at 127.0.0.1 or [::1], and for our own address.
 * @param issuer Ours.
 * @see RFC 8707, section 2 · RFC 3986, section 6.2
 */
export function localIndicator(text: string, issuer: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.href.length > longest)
    throw refused('Write the whole address, for example http://127.0.0.1:8080/mcp.');
  if (!hosts.has(url.hostname)) throw refused('The address begins with http://127.0.0.1 or http://[::1].');
  // security: a local program that is asked by another name is another audience
  if (url.username !== '' || url.password !== '' || /[?#%\\]/.test(text) || !plainPath.test(url.pathname))
    throw refused('The address has a plain path and nothing else: no user name, no question, number or percent sign.');
  // security: a token for our own address would be one of our own doors'
  if (portOf(url) === portOf(new URL(issuer))) throw refused('This is the address of Counterfoil itself.');
  return url.href;
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

function refused(hint: string): Refusal {
  return new Refusal('invalid_input', 'This is not the address of a server on this computer.', { hint });
}
