import { basename } from 'node:path';
import type { Proc } from './read-proc.ts';
import { type ReadProcess, readProcess } from './read-process.ts';

const mostAncestors = 64;

/** Programs that start a session and belong to nobody's tree. They count only as files of the system. */
const sessionPrograms = new Set([
  ...[
    'systemd',
    'init',
    'login',
    'agetty',
    'sshd',
    'sshd-session',
    'su',
    'sudo',
    'cron',
    'dbus-daemon',
    'dbus-broker',
    'dbus-run-session',
  ],
  ...['gdm-session-worker', 'gdm-wayland-session', 'gdm-x-session', 'lightdm', 'sddm', 'sddm-helper', 'xinit', 'startx'],
  ...[
    'gnome-session',
    'gnome-session-binary',
    'gnome-shell',
    'plasmashell',
    'plasma_session',
    'startplasma-x11',
    'startplasma-wayland',
    'kwin_wayland',
  ],
  ...['xfce4-session', 'lxqt-session', 'cinnamon-session-binary', 'mate-session', 'sway', 'openbox', 'lxqt-panel', 'xfce4-panel'],
  ...['tini', 'dumb-init', 'docker-init'],
]);

/** Where only administrators put programs. */
const systemFolders = /^\/(?:(?:usr\/)?(?:s?bin|lib\w*)|nix\/store)\//;

export interface Ancestry {
  /** Nearest first, at most {@link mostAncestors}. */
  readonly ancestors: readonly ReadProcess[];
  /** The topmost process of the tree that is not the session's own. */
  readonly root: ReadProcess;
}

/** Who started the process, up to the first process of the system. */
export function readAncestry(proc: Proc, process: ReadProcess): Ancestry {
  const ancestors = [...climb(proc, process)];
  const below = ancestors.findIndex((ancestor) => isSessionProcess(ancestor, process));
  const tree = [process, ...(below === -1 ? ancestors : ancestors.slice(0, below))];
  return { ancestors, root: tree.at(-1) ?? process };
}

function* climb(proc: Proc, process: ReadProcess): Generator<ReadProcess> {
  let child = process;
  for (let step = 0; step < mostAncestors && child.parentPid > 0; step += 1) {
    const parent = readProcess(proc, child.parentPid);
    // A parent that is younger than its child is another process with the id of the one that ended.
    if (parent === undefined || startsAfter(parent, child)) return;
    yield parent;
    child = parent;
  }
}

function startsAfter(one: ReadProcess, other: ReadProcess): boolean {
  return BigInt(one.facts.startTime ?? 0) > BigInt(other.facts.startTime ?? 0);
}

function isSessionProcess(ancestor: ReadProcess, process: ReadProcess): boolean {
  if (ancestor.facts.pid === 1 || ancestor.uid !== process.uid) return true;
  // security: rule 29. A program that calls itself "systemd" must not become a root of its own for each request.
  const path = ancestor.facts.executable ?? '';
  return ancestor.programOwnerUid === 0 && systemFolders.test(path) && sessionPrograms.has(basename(path));
}
