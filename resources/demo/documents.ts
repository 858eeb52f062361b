/**
 * The bank's documents, rates and notes, and the two `authorization_details` types that calls to them need. Paths in details
 * are patterns: `*` is one segment, `**` at the end one or more.
 */
import { isListOf, isRecord, unknownMember } from './read-json.ts';

export const fileAccessType = 'app.counterfoil.file-access';
export const httpCallType = 'app.counterfoil.http-call';

const fileActions = ['list', 'read', 'write', 'delete'] as const;
export type FileAction = (typeof fileActions)[number];

export interface FileAccess {
  readonly type: typeof fileAccessType;
  readonly actions: readonly FileAction[];
  readonly paths: readonly string[];
  readonly locations?: readonly string[];
}

export interface HttpCall {
  readonly type: typeof httpCallType;
  readonly actions: readonly string[];
  readonly paths: readonly string[];
  readonly query?: readonly string[];
  readonly maxBodyBytes?: number;
  readonly locations?: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

export function fileAccessFault(detail: Members): string | undefined {
  const unknown = unknownMember(detail, ['type', 'actions', 'paths', 'locations']);
  if (unknown !== undefined) return unknown;
  if (!isListOf(detail.actions, fileActions)) return 'actions';
  return arePaths(detail.paths) ? undefined : 'paths';
}

export function httpCallFault(detail: Members): string | undefined {
  const unknown = unknownMember(detail, ['type', 'actions', 'paths', 'query', 'maxBodyBytes', 'locations']);
  if (unknown !== undefined) return unknown;
  if (!isListOf(detail.actions, ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])) return 'actions';
  if (!arePaths(detail.paths)) return 'paths';
  if (detail.query !== undefined && !areTexts(detail.query)) return 'query';
  const most = detail.maxBodyBytes;
  return most === undefined || (Number.isSafeInteger(most) && Number(most) > 0) ? undefined : 'maxBodyBytes';
}

export function isFileAccessWithin(child: FileAccess, parent: FileAccess): boolean {
  return child.actions.every((action) => parent.actions.includes(action)) && arePathsWithin(child.paths, parent.paths);
}

export function isHttpCallWithin(child: HttpCall, parent: HttpCall): boolean {
  return (
    child.actions.every((method) => parent.actions.includes(method)) &&
    arePathsWithin(child.paths, parent.paths) &&
    (child.query ?? []).every((name) => parent.query?.includes(name)) &&
    (child.maxBodyBytes ?? 0) <= (parent.maxBodyBytes ?? 0)
  );
}

function arePathsWithin(child: readonly string[], parent: readonly string[]): boolean {
  return child.every((path) => parent.some((pattern) => fits(path, pattern)));
}

/** True when the pattern allows the path, which may be a pattern itself. */
function fits(path: string, pattern: string): boolean {
  const inner = path.split('/').slice(1);
  const outer = pattern.split('/').slice(1);
  for (const [index, segment] of outer.entries()) {
    const own = inner[index];
    if (own === undefined) return false;
    if (segment === '**') return true;
    if (own === '**' || (segment !== '*' && segment !== own)) return false;
  }
  return inner.length === outer.length;
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item.length <= 300);
}

function arePaths(value: unknown): value is string[] {
  return (
    areTexts(value) &&
    value.every((path) => /^\/(?:[^/\\*]+|\*(?=\/|$))?(?:\/(?:[^/\\*]+|\*(?=\/|$)))*(?:\/\*\*)?$|^\/\*\*$/.test(path))
  );
}

/** What happened, or why nothing did. */
export type Answer = { readonly status: 200 | 201 | 404; readonly body: Members };

/** Documents by name; forgotten when the API stops. */
export class Documents {
  readonly #files = new Map<string, string>([
    ['/statements/2026-09.txt', 'Balance at the end of September: 2,310.65 EUR'],
    ['/statements/2026-10.txt', 'Balance at the end of October: 2,418.55 EUR'],
    ['/contracts/account.txt', 'Terms of the everyday account'],
  ]);
  readonly #notes: string[] = [];

  list(folder: string): Answer {
    const prefix = folder === '' ? '/' : `${folder}/`;
    const names = [...this.#files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split('/')[0]);
    return { status: 200, body: { folder: prefix, entries: [...new Set(names)] } };
  }

  read(name: string): Answer {
    const content = this.#files.get(name);
    return content === undefined ? { status: 404, body: { error: 'no such document' } } : { status: 200, body: { name, content } };
  }

  write(name: string, body: unknown): Answer {
    this.#files.set(name, isRecord(body) && typeof body.content === 'string' ? body.content.slice(0, 10_000) : '');
    return { status: 201, body: { name, written: true } };
  }

  delete(name: string): Answer {
    return this.#files.delete(name)
      ? { status: 200, body: { name, deleted: true } }
      : { status: 404, body: { error: 'no such document' } };
  }

  note(body: unknown): Answer {
    this.#notes.push(JSON.stringify(body).slice(0, 1000));
    return { status: 201, body: { notes: this.#notes.length } };
  }
}

const rates: Readonly<Record<string, string>> = { USD: '1.0842', GBP: '0.8391', JPY: '163.2' };

export function readRates(currency: string | undefined): Answer {
  if (currency === undefined) return { status: 200, body: { base: 'EUR', rates } };
  const rate = Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  return rate === undefined
    ? { status: 404, body: { error: 'no such currency' } }
    : { status: 200, body: { base: 'EUR', currency, rate } };
}

interface DocumentCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly bodyBytes: number;
}

/** A call to documents, rates or notes, with what the token must allow for it; `undefined` for any other call. */
export function documentCall(
  call: DocumentCall,
  documents: Documents,
): { readonly scope: 'documents' | 'api'; readonly needed: FileAccess | HttpCall; readonly run: () => Answer } | undefined {
  const [, folder] = call.method === 'GET' ? (/^\/folders(\/.+)?$/.exec(call.path) ?? [undefined, undefined]) : [];
  const named = /^\/documents(\/.+)$/.exec(call.path)?.[1];
  if (call.path === '/folders' || folder !== undefined) {
    const name = decodeURIComponent(folder ?? '');
    return call.method === 'GET'
      ? { scope: 'documents', needed: files('list', `${name}/*`), run: () => documents.list(name) }
      : undefined;
  }
  if (named !== undefined) return ofDocument(call, decodeURIComponent(named), documents);
  const needed: HttpCall = {
    type: httpCallType,
    actions: [call.method],
    paths: [call.path],
    query: [...call.query.keys()],
    maxBodyBytes: call.bodyBytes,
  };
  const currency = /^\/rates(?:\/([A-Z]{3}))?$/.exec(call.path);
  if (currency && call.method === 'GET') return { scope: 'api', needed, run: () => readRates(currency[1]) };
  if (call.path === '/notes' && call.method === 'POST') return { scope: 'api', needed, run: () => documents.note(call.body) };
  return undefined;
}

function files(action: FileAction, path: string): FileAccess {
  return { type: fileAccessType, actions: [action], paths: [path] };
}

function ofDocument(call: DocumentCall, name: string, documents: Documents): ReturnType<typeof documentCall> {
  switch (call.method) {
    case 'GET':
      return { scope: 'documents', needed: files('read', name), run: () => documents.read(name) };
    case 'PUT':
      return { scope: 'documents', needed: files('write', name), run: () => documents.write(name, call.body) };
    case 'DELETE':
      return { scope: 'documents', needed: files('delete', name), run: () => documents.delete(name) };
    default:
      return undefined;
  }
}
