import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { Refusal } from '../base/errors.ts';
import type { Folders, Machine } from './folders.ts';

/** Bytes that a Unix socket's path may have, on the tightest system (macOS: 104 with its end). */
const longestSocketPath = 103;

/**
 * Makes both folders for this user alone, or refuses `launch_failed` when one cannot be made or is not ours alone: in a
 * temporary folder another user can be there first.
 */
export function prepareFolders(folders: Folders, machine: Machine): void {
  for (const folder of [folders.data, folders.runtime]) prepareFolder(folder, machine);
  if (machine.platform !== 'win32' && Buffer.byteLength(folders.socket) > longestSocketPath) {
    throw new Refusal('launch_failed', `The path of the runtime folder is too long for a socket: ${folders.runtime}`, {
      hint: 'Set COUNTERFOIL_RUNTIME_DIR to a shorter path.',
    });
  }
}

function prepareFolder(folder: string, machine: Machine): void {
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (made === undefined) tighten(folder, machine);
  } catch (error) {
    throw new Refusal('launch_failed', `The folder ${folder} cannot be used.`, {
      hint: 'Set COUNTERFOIL_DATA_DIR and COUNTERFOIL_RUNTIME_DIR to folders of yours.',
      cause: error,
    });
  }
  if (!machine.isOwnFolder(folder)) {
    throw new Refusal('launch_failed', `The folder ${folder} is not yours alone (owner, mode or link).`, {
      hint: `Look at who made it, remove it, and start again: ls -ld ${folder}`,
    });
  }
}

/** A folder that the person made themselves, or an older version, may have been open to others. */
function tighten(folder: string, machine: Machine): void {
  if (machine.uid === undefined) return;
  const stat = statSync(folder);
  if (stat.uid === machine.uid && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
