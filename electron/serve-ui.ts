import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { UiSession } from './electron-api.ts';
import { isOwnUrl } from './lock-down.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The page talks over IPC only, so nothing may be connected to. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentPolicy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const segment = /^[\w-][\w.-]*$/;

/** The file below the UI's folder that a path names, or `undefined`: plain names only, so there is no way up. */
export function findUiFile(pathname: string): string | undefined {
  if (pathname === '/') return 'index.html';
  const segments = pathname.split('/').slice(1);
  return segments.every((part) => segment.test(part)) ? join(...segments) : undefined;
}

/** Answers one request for the UI's origin out of `folder`; refuses every other origin, method and path. */
export async function answerUiRequest(
  request: Request,
  ui: { readonly origin: string; readonly folder: string },
): Promise<Response> {
  const refuse = (status: number): Response => new Response(null, { status, headers });
  // security: rule 11
  if (!isOwnUrl(request.url, ui.origin)) return refuse(403);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
  const file = findUiFile(new URL(request.url).pathname);
  const type = types[extname(file ?? '')];
  if (file === undefined || type === undefined) return refuse(404);
  const content = await readFile(join(ui.folder, file)).catch(() => undefined);
  if (content === undefined) return refuse(404);
  return new Response(new Uint8Array(content), { headers: { ...headers, 'Content-Type': type } });
}

/** Answers the UI's origin inside the app; other schemes get nothing either. */
export function serveUi(session: UiSession, ui: { readonly origin: string; readonly folder: string }): void {
  session.protocol.handle('http', (request) => answerUiRequest(request, ui));
  session.protocol.handle('https', () => new Response(null, { status: 403 }));
}
