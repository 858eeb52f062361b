import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '../../base/errors.ts';
import type { Keychain } from '../keychain.ts';

interface FileContent {
  readonly version: 1;
  /** base64url, by name. */
  readonly items: Readonly<Record<string, string>>;
}

/**
 * A file that only its owner may read, for machines without a keychain. The vault seals what it puts here; against
 * a program of the same user, or whoever has the disk, the passphrase alone stands.
 *
 * Writing is atomic: after a crash there is the old content or the new one. Refuses `keychain_refused` when the file
 * cannot be read or written, and never starts an empty one in place of a damaged one.
 */
export function sealedFileKeychain(file: string): Keychain {
  let last: Promise<unknown> = Promise.resolve();
  const change = (edit: (items: Map<string, string>) => boolean): Promise<void> => {
    const result = last.then(async () => {
      const items = await readItems(file);
      if (edit(items)) await writeItems(file, items);
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    kind: 'file',
    description: 'A file protected by your passphrase alone: this system offers no keychain',
    get: async (item) => {
      await last;
      const text = (await readItems(file)).get(item);
      return text === undefined ? undefined : Buffer.from(text, 'base64url');
    },
    set: (item, value) =>
      change((items) => {
        items.set(item, Buffer.from(value).toString('base64url'));
        return true;
      }),
    delete: (item) => change((items) => items.delete(item)),
  };
}

async function readItems(file: string): Promise<Map<string, string>> {
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

async function writeItems(file: string, items: ReadonlyMap<string, string>): Promise<void> {
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
