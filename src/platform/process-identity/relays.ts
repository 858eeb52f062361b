import { basename } from 'node:path';

/** Programs that carry a connection for somebody else: behind them anything may stand. */
const relays: Readonly<Record<string, string>> = {
  'docker-proxy': 'a container',
  rootlesskit: 'a container',
  rootlessport: 'a container',
  slirp4netns: 'a container',
  'pasta.avx2': 'a container',
  pasta: 'a container',
  passt: 'a virtual machine',
  gvproxy: 'a virtual machine',
  vpnkit: 'a virtual machine',
  'com.docker.backend': 'a container',
  'qemu-system-x86_64': 'a virtual machine',
  wslrelay: 'Windows',
  'wslrelay.exe': 'Windows',
  wslhost: 'Windows',
  sshd: 'another computer',
  'sshd-session': 'another computer',
  ssh: 'another computer',
  socat: 'another program',
  'systemd-socket-proxyd': 'another program',
  'xdg-dbus-proxy': 'a sandbox',
};

/** A remark when the program is one that passes connections on: the caller is behind it and cannot be seen. */
export function relayRemark(executable: string | undefined): readonly string[] {
  const behind = relays[basename(executable ?? '')];
  return behind === undefined
    ? []
    : [`This program passes connections on: who asks is behind it, in or on ${behind}, and cannot be seen.`];
}
