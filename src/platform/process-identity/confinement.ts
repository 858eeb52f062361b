import { basename } from 'node:path';
import type { Proc } from './read-proc.ts';
import type { ReadProcess } from './read-process.ts';

const controlGroups: readonly (readonly [pattern: RegExp, sign: string])[] = [
  [/docker/, 'Docker container'],
  [/libpod|podman/, 'Podman container'],
  [/kubepods|kubelet/, 'Kubernetes pod'],
  [/containerd|cri-/, 'container'],
  [/\/lxc|lxc\.payload/, 'LXC container'],
  [/machine\.slice|machine-/, 'system container'],
  [/app-flatpak|flatpak-/, 'Flatpak'],
  [/\/snap\./, 'Snap'],
  [/\/run-[^/]*\.(?:scope|service)(?:\/|$)/m, 'started by systemd-run'],
];

/** Programs that build a sandbox and stay above it. */
const sandboxes: Readonly<Record<string, string>> = {
  bwrap: 'Bubblewrap',
  firejail: 'Firejail',
  'flatpak-portal': 'Flatpak',
  nsjail: 'nsjail',
  unshare: 'unshare',
  'systemd-nspawn': 'systemd-nspawn',
  conmon: 'Podman container',
  'containerd-shim-runc-v2': 'container',
};

const seccompNames = ['', 'system calls: almost none', 'system call filter'];

/**
 * Signs of a sandbox or a container around a process, in words. Each is what the system or the process says; absence
 * proves nothing.
 */
export function confinementOf(proc: Proc, process: ReadProcess, ancestors: readonly ReadProcess[]): readonly string[] {
  const pid = process.facts.pid;
  const groups = proc.text(`${pid}/cgroup`) ?? '';
  const profile = (proc.text(`${pid}/attr/current`) ?? '').replace(/\0/g, '').trim();
  const signs = [
    ...controlGroups.filter(([pattern]) => pattern.test(groups)).map(([, sign]) => sign),
    ...markFiles(proc, pid),
    ...(profile.startsWith('snap.') ? ['Snap'] : []),
    ...(isProfile(profile) ? ['AppArmor or SELinux profile'] : []),
    ...ancestors.flatMap(({ facts }) => sandboxes[basename(facts.executable ?? '')] ?? []),
    ...(isAppImage(process) ? ['AppImage'] : []),
    ...(process.noNewPrivileges ? ['no new privileges'] : []),
    ...[seccompNames[process.seccomp] ?? ''].filter(Boolean),
    ...(/microsoft/i.test(proc.text('sys/kernel/osrelease') ?? '') ? ['Windows Subsystem for Linux'] : []),
  ];
  return [...new Set(signs)];
}

/** Files that container programs put into the root folder of what they start. */
function markFiles(proc: Proc, pid: number): readonly string[] {
  // Our own root is no sign: if we run in a container ourselves, so does everybody who reaches us.
  const isOurRoot = proc.link(`${pid}/ns/mnt`) === proc.link('self/ns/mnt');
  if (isOurRoot) return [];
  const has = (path: string): boolean => proc.text(`${pid}/root/${path}`) !== undefined;
  return [
    ...(has('.flatpak-info') ? ['Flatpak'] : []),
    ...(has('.dockerenv') ? ['Docker container'] : []),
    ...(has('run/.containerenv') ? ['Podman container'] : []),
  ];
}

/** An AppImage runs from a file system of its own, mounted where its runtime says. */
function isAppImage({ facts: { executable = '' } }: ReadProcess): boolean {
  return /^\/tmp\/\.mount_[^/]+\//.test(executable);
}

function isProfile(profile: string): boolean {
  return profile !== '' && profile !== 'kernel' && !/^unconfined\b|:unconfined_t:/.test(profile);
}
