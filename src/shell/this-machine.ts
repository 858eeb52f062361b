import { lstatSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import type { Machine } from './folders.ts';

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const uid = process.getuid?.();
  return {
    platform: process.platform,
    home: homedir(),
    temporary: tmpdir(),
    ...(uid === undefined ? {} : { uid }),
    isOwnFolder(path) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isDirectory()) return false;
      return uid === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0);
    },
  };
}
