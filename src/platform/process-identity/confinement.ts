import { basename } from 'node:path';
import type { Proc } from './read-proc.ts';
import type { ReadProcess } from './read-process.ts';

const controlGroups: readonly (readonly [pattern: RegExp, sign: string])[] = [
  [/docker/, 'Docker container'],
  [/libpod|podman/, 'Podman container'],
  [/containerd|cri-|kubepods/, 'container'],
  [/\/lxc|machine\.slice/, 'system container'],
  [/app-flatpak|flatpak-/, 'Flatpak'],
  [/\/snap\./, 'Snap'],
];

/** Signs of a sandbox or a container around a process, in words. Absence proves nothing. */
export function confinementOf(proc: Proc, process: ReadProcess, ancestors: readonly ReadProcess[]): readonly string[] {
  const pid = process.facts.pid;
  const groups = proc.text(`${pid}/cgroup`) ?? '';
  const profile = (proc.text(`${pid}/attr/current`) ?? '').replace(/\0/g, '').trim();
  const signs = [
    ...controlGroups.filter(([pattern]) => pattern.test(groups)).map(([, sign]) => sign),
    ...(proc.text(`${pid}/root/.flatpak-info`) === undefined ? [] : ['Flatpak']),
    ...(profile.startsWith('snap.') ? ['Snap'] : []),
    ...(profile !== '' && profile !== 'unconfined' ? ['AppArmor or SELinux profile'] : []),
    ...(ancestors.some(({ facts }) => basename(facts.executable ?? '') === 'bwrap') ? ['Bubblewrap'] : []),
    ...(process.noNewPrivileges ? ['no new privileges'] : []),
    ...(process.seccomp > 0 ? ['system call filter'] : []),
  ];
  return [...new Set(signs)];
}
