import type { Status } from '../contract/shapes.ts';
import { counted } from './words.ts';

/** One thing that was looked at. `warn` works, but a person should know. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}

/** What the core's own state says about its health. */
export function judgeStatus(status: Status, ownVersion: string): readonly Check[] {
  return [
    judgeVersion(status.version, ownVersion),
    judgeKeychain(status.protection),
    judgeNotifications(status.notifications),
    judgeVault(status),
  ];
}

function judgeVersion(running: string, own: string): Check {
  if (running === own) return { name: 'version', state: 'ok', detail: running };
  return { name: 'version', state: 'warn', detail: `the app runs ${running}, this command is ${own}; restart the app` };
}

function judgeKeychain({ kind, description }: Status['protection']): Check {
  if (kind === 'os') return { name: 'keychain', state: 'ok', detail: description };
  return { name: 'keychain', state: 'warn', detail: `${description}; the passphrase alone protects the vault` };
}

function judgeNotifications(state: Status['notifications']): Check {
  switch (state) {
    case 'ready':
      return { name: 'notifications', state: 'ok', detail: 'shown by this desktop' };
    case 'changed':
      return { name: 'notifications', state: 'warn', detail: 'another program shows them now; unlock again to trust it' };
    case 'absent':
      return { name: 'notifications', state: 'warn', detail: 'this desktop shows none; look at the inbox' };
  }
}

function judgeVault({ vault, counts }: Status): Check {
  if (vault === 'absent') return { name: 'vault', state: 'warn', detail: 'not set up yet; open the app and choose a passphrase' };
  return {
    name: 'vault',
    state: 'ok',
    detail: `${vault}, ${counted(counts.grants, 'live grant')}, ${counted(counts.pending, 'waiting request')}`,
  };
}
