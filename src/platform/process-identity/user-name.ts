import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** The name of a user id, from the system for ours and from `/etc/passwd` for others; `undefined` when neither knows it. */
export function userNameOf(uid: number | undefined): string | undefined {
  if (uid === undefined) return undefined;
  try {
    const own = userInfo();
    if (own.uid === uid) return own.username;
    return nameIn(readFileSync('/etc/passwd', 'utf8'), uid);
  } catch {
    return undefined;
  }
}

/** @see passwd(5) */
export function nameIn(passwd: string, uid: number): string | undefined {
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , id]) => id === String(uid))?.[0];
}
