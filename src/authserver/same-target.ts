/**
 * True when both name the same target, ignoring query and fragment, after the syntax- and scheme-based normalisation of
 * RFC 3986, 6.2.2 and 6.2.3: case of scheme and host, default port, empty path, needless percent-encoding.
 *
 * @param claimed Written by the agent.
 * @param ours What the request was for, as we know it.
 */
export function sameTarget(claimed: string, ours: string): boolean {
  if (claimed === ours) return true;
  const one = normalized(claimed);
  return one !== undefined && one === normalized(ours);
}

function normalized(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return `${url.protocol}//${url.host}${url.pathname.replaceAll(/%[0-9a-f]{2}/gi, decodeUnreserved)}`;
}

function decodeUnreserved(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
}
