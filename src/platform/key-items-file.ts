/** The file that keeps key items where the system has no keychain: its form, and how it is written so that a crash leaves the old or the new. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '../base/errors.ts';

interface FileContent {
  readonly version: 1;
  /** base64url, by name. */
  readonly items: Readonly<Record<string, string>>;
}

/** All items of such a file by name, base64url; none where there is no file. Refuses `keychain_refused`. */
export async function readKeyItems(file: string): Promise<Map<string, string>> {
  try {
    return new Map(Object.entries(parse(await readFile(file, 'utf8')).items));
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw refused(error);
  }
}

function parse(text: string): FileContent {
  const value = JSON.parse(text) as Partial<FileContent> | null;
  const { version, items } = value ?? {};
  if (
    version !== 1 ||
    typeof items !== 'object' ||
    items === null ||
    !Object.values(items).every((item) => typeof item === 'string')
  ) {
    throw new TypeError('not a file of key items');
  }
  return { version, items };
}

/** Puts a file with these items in place of the one that is there. Refuses `keychain_refused`. */
export async function writeKeyItems(file: string, items: ReadonlyMap<string, string>): Promise<void> {
  const content: FileContent = { version: 1, items: Object.fromEntries(items) };
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeDurably(temporary, JSON.stringify(content));
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw refused(error);
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Without this the rename itself can be lost with the power. Windows cannot open a folder, and needs no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function refused(error: unknown): Refusal {
  return new Refusal('keychain_refused', 'The file with the key items cannot be read or written.', {
    detail: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}
