import type { Contents, ElectronApp, UiSession } from './electron-api.ts';

/** True when `url` belongs to exactly this origin. */
export function isOwnUrl(url: string, origin: string): boolean {
  return URL.canParse(url) && new URL(url).origin === origin;
}

/**
 * Makes of every page that Electron may ever create one that stays where it is: it does not navigate, open windows, hold a
 * webview or a device, get a permission, or download.
 */
export function lockDownContents(app: ElectronApp): void {
  app.on('web-contents-created', (_event, contents) => lockDownPage(contents));
}

function lockDownPage(contents: Contents): void {
  const refuse = (event: { preventDefault(): void }): void => event.preventDefault();
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', refuse);
  contents.on('will-redirect', refuse);
  contents.on('will-attach-webview', refuse);
}

/** The page's profile: no permission, no download, and no request but to its own origin, which is answered inside the app. */
export function lockDownSession(session: UiSession, origin: string): void {
  // Without a handler Electron grants what is asked.
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((details, callback) => {
    // security: rule 11
    callback({ cancel: !isOwnUrl(details.url, origin) });
  });
}
