import { Refusal } from '../src/base/errors.ts';
import type { Browser } from '../src/platform/browser.ts';

export interface BrowserDeps {
  /** Electron's `shell.openExternal`. */
  readonly openExternal: (url: string) => Promise<void>;
  /** Shows our own window. */
  readonly openWindow: (page: string | undefined) => Promise<void>;
}

/** Our own pages open in the app's window, a provider's sign-in page in the person's browser. */
export function createElectronBrowser({ openExternal, openWindow }: BrowserDeps): Browser {
  return {
    async openWindow(url) {
      await openWindow(new URL(url).hash.slice(1) || undefined);
      return true;
    },
    async openLink(url) {
      if (!isSignInPage(url)) throw new Refusal('invalid_input', 'Only a web page can be opened.');
      return openExternal(url).then(
        () => true,
        () => false,
      );
    },
  };
}

/** `https:`, or `http:` on this machine. Anything else could start a program. */
function isSignInPage(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}
