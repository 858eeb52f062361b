import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { Refusal } from '../base/errors.ts';
import { setSecurityHeaders } from '../gate/gate.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const permissionsPolicy = 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()';

interface UiFile {
  readonly content: Buffer;
  readonly type: string;
}

/** The UI by exact path. A path that is not in the map does not exist, so there is none to climb out by. */
export type UiFiles = ReadonlyMap<string, UiFile>;

/** Reads the built UI whole. Refuses `launch_failed` when it is not there. */
export function readUiFiles(folder: string): UiFiles {
  const files = new Map<string, UiFile>();
  for (const entry of entriesOf(folder)) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(`/${relative(folder, file).split(sep).join('/')}`, { content: readFileSync(file), type });
  }
  const index = files.get('/index.html');
  if (!index) throw notBuilt();
  return files.set('/', index);
}

/** Sends one file. Its path has been found in the map. */
export function sendUiFile(request: IncomingMessage, response: ServerResponse, file: UiFile): void {
  setSecurityHeaders(response);
  // What a build names by its content may be kept; the page itself never is.
  const lasting = request.url?.startsWith('/assets/') && !file.type.startsWith('text/html');
  response.writeHead(200, {
    'Content-Type': file.type,
    'Content-Length': file.content.length,
    'Content-Security-Policy': contentPolicy,
    'Permissions-Policy': permissionsPolicy,
    'Cache-Control': lasting ? 'private, max-age=31536000, immutable' : 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : file.content);
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    throw notBuilt(cause);
  }
}

function notBuilt(cause?: unknown): Refusal {
  return new Refusal('launch_failed', 'The user interface has not been built.', { hint: 'Run: npm run build', cause });
}
