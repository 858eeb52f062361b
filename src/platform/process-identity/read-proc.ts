import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';

/** Reading `/proc` without ever throwing: processes end while one looks, and those of others cannot be read. */
export interface Proc {
  readonly root: string;
  /** At most 64 KiB. */
  text(path: string): string | undefined;
  /** Tables that grow with the machine. */
  table(path: string): string;
  link(path: string): string | undefined;
  names(path: string): readonly string[] | undefined;
}

/** Which file something is, followed through links. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  readonly ownerUid: number;
}

const mostBytes = 65_536;

/** @param root `/proc`; tests bring a folder of their own. */
export function createProc(root: string): Proc {
  const bytes = Buffer.alloc(mostBytes);
  return {
    root,
    text: (path) => quiet(() => readStart(`${root}/${path}`, bytes)),
    table: (path) => quiet(() => readFileSync(`${root}/${path}`, 'latin1')) ?? '',
    link: (path) => quiet(() => readlinkSync(`${root}/${path}`)),
    names: (path) => quiet(() => readdirSync(`${root}/${path}`)),
  };
}

/** Device and inode of the file behind `path`; `undefined` when it cannot be looked at. */
export function fileIdentity(path: string): FileIdentity | undefined {
  return quiet(() => {
    const { dev, ino, uid } = statSync(path, { bigint: true });
    return { device: String(dev), inode: String(ino), ownerUid: Number(uid) };
  });
}

function readStart(path: string, bytes: Buffer): string {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    // The kernel hands out long files of /proc page by page.
    for (let read = -1; read !== 0 && length < mostBytes; length += read) {
      read = readSync(file, bytes, length, mostBytes - length, null);
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

function quiet<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
