import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes a page that leads on to `url` and is readable by this user only: what stands on a command line can be read by
 * every program of the machine, and `url` carries a launch secret (`standards`: loopback, section 6).
 *
 * @returns The path of the page.
 */
export async function writeRedirectPage(folder: string, url: string): Promise<string> {
  const path = join(folder, `open-${randomBytes(8).toString('hex')}.html`);
  await writeFile(path, redirectPage(url), { mode: 0o600, flag: 'wx' });
  return path;
}

/** Takes the page away. Silent when it is gone already. */
export async function removeRedirectPage(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The page itself. */
export function redirectPage(url: string): string {
  const target = JSON.stringify(url).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="referrer" content="no-referrer">',
    '<title>Counterfoil</title>',
    `<script>location.replace(${target});</script>`,
    '</html>',
    '',
  ].join('\n');
}
