import { Refusal } from '../../base/errors.ts';

const loopbackHost = /^(127(\.\d{1,3}){3}|\[::1\]|localhost|[a-z0-9.-]+\.localhost)$/;

/**
 * The link in its one spelling, fit to be handed to another program as one argument.
 *
 * Refuses `invalid_input` for everything but `https:`, or `http:` on loopback, and for links with a user name.
 */
export function checkLink(link: string): string {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  const isFit = url !== undefined && url.username === '' && url.password === '' && isAllowed(url);
  if (!isFit) throw new Refusal('invalid_input', 'Only https links, and http links on this machine, are opened.');
  return url.href;
}

/** The same, for a link to this machine only. */
export function checkOwnLink(link: string): string {
  const href = checkLink(link);
  if (isLoopback(new URL(href))) return href;
  throw new Refusal('invalid_input', 'A window of ours shows this machine only.');
}

function isAllowed(url: URL): boolean {
  // security: any other scheme starts whatever program the desktop has for it
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

function isLoopback(url: URL): boolean {
  return loopbackHost.test(url.hostname);
}
