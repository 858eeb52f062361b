import { revokeEverything } from '../../src/contract/wire.ts';

/** What the address says at the start: `#launch=<token>`, and perhaps `&open=<approval id>`, or what else a shell asks for. */
export interface Launch {
  /** Single use. */
  readonly token: string | undefined;
  readonly open: string | undefined;
}

/** Reads the fragment of an address. A fragment that is a page (`#/grants`) holds no token. */
export function parseLaunch(fragment: string): Launch {
  const text = fragment.replace(/^#/, '');
  if (text.startsWith('/')) return { token: undefined, open: undefined };
  const values = new URLSearchParams(text);
  return { token: values.get('launch') || undefined, open: values.get('open') || undefined };
}

/** Takes the launch token out of the address at once, so that neither history nor a shoulder keeps it. */
export function takeLaunch(): Launch {
  const launch = parseLaunch(location.hash);
  if (launch.token === undefined && launch.open === undefined) return launch;
  const page = launch.open === undefined ? '' : pageOf(launch.open);
  history.replaceState(null, '', `${location.pathname}${location.search}${page}`);
  return launch;
}

/** The page that a shell asked for. */
export function pageOf(open: string): string {
  return open === revokeEverything ? '#/grants?revoke=all' : `#/inbox?id=${encodeURIComponent(open)}`;
}

/**
 * Goes to what a shell asks for later, by a fragment in a page that is already open. Before the router hears of the new
 * address: to the router such a fragment is no page of ours, and it would go to the inbox instead.
 */
export function followOpenRequests(): void {
  window.addEventListener('popstate', () => void takeLaunch(), { capture: true });
}
