/**
 * Writes the table of security rules into SECURITY.md: for each rule, the tests that fail without it. A test names its rule in
 * its title, `(security rule 7)`; a rule that no test names is shown as not in place.
 *
 * `node test/architecture/rules-table.ts` rewrites the table.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const begin = '<!-- rules:begin -->';
const end = '<!-- rules:end -->';

/** What each rule demands, in one line. */
export const rules: readonly string[] = [
  'A session is never authority: it reads, denies, revokes, locks and pauses; approving needs presence in the session that confirms',
  'Every operation that raises authority needs presence bound to the operation, its arguments, the session and a single-use nonce',
  'Every row that decides is authenticated; tokens, codes and request ids are stored as SHA-256 only',
  'The UI lives on its own host name per installation, and no other Host is accepted',
  'A WebAuthn challenge is bound to what the card showed',
  'Our own authenticator refuses local names and our own host',
  'No narrowing that nobody enforces; whatever is not understood refuses the forwarded call',
  'A signed state head, anchored in the keychain, finds a database that was rolled back',
  'A credential goes only to origins bound to its connection',
  "The person's listener has a random port on both loopback addresses; the passphrase leaves the page only sealed; no cookies",
  'In Electron the UI is answered inside the app, and the page reaches no network',
  'Approving from a notification is off until turned on, and only for low risk',
  'An agent is its id and its key; a name that resembles an accepted one is flagged',
  'A grant keeps the evidence seen at approval; bearer tokens work at our own gateway only',
  "The agents' listener shows no card and knows no cookie",
  'Proofs are signed only for live tokens and for the resource of the grant',
  'A delegation is narrower than its parent, single use, and only where the approval allowed it',
  'Proofs carry a nonce of this run; replays fail before and after a restart',
  'No debugger, no Node options, no debugging switches; no test switch in what ships',
  'A program is shown as known only if its image is the file that its path names, in our namespaces',
  'Passphrases are strong, and approvals do not ask for the vault passphrase once a passkey exists',
  'The master key is wrapped per set of factors; a missing half is reported, never overwritten',
  'What was written while locked is untrusted until it is checked at unlock',
  'A receipt carries what was asked and what was granted',
  'Only identical requests are merged; a decision holds for the card that was shown',
  'Forwarded calls are canonical, follow no redirect, and pass headers by allow-list',
  'An answer that contains the credential is cut',
  'A use is reserved before the first byte is sent',
  'Tray and bus may only open, lock, pause and deny; the runtime descriptor is a hint',
  'What is imported arrives without authority',
];

/** What a rule that has tests does not hold yet. */
const missing: ReadonlyMap<number, string> = new Map([
  [13, 'there are no client-ID documents yet'],
  [14, 'a call from another program is held and asked; there are no bearer tokens yet'],
  [21, 'strength only; there are no passkeys yet'],
  [22, 'no passkey factor yet'],
  [23, "the agent's signed request is not kept; no signature over the audit log"],
  [24, 'digests, key and token; receipts are not signed for others to verify'],
  [25, 'one decision for one card; nothing merges yet'],
]);

const mark = /\(security rules? ([\d, and]+)\)/g;

/** Test files by rule number. */
export function findTestsByRule(): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, Set<string>>();
  for (const file of globSync('test/**/*.{test,spec}.{ts,tsx}', { cwd: root }).sort()) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const [, numbers = ''] of source.matchAll(mark)) {
      for (const number of numbers.match(/\d+/g) ?? []) {
        found.set(Number(number), (found.get(Number(number)) ?? new Set()).add(relative('test', file)));
      }
    }
  }
  return new Map([...found].map(([number, files]) => [number, [...files]]));
}

/** The table as it should be. */
export function renderTable(): string {
  const tests = findTestsByRule();
  const rows = rules.map((rule, index) => {
    const files = tests.get(index + 1) ?? [];
    const held = files.length === 0 ? 'not in place yet' : files.map((file) => `\`${file}\``).join(', ');
    const gap = missing.get(index + 1);
    return `| ${index + 1} | ${rule} | ${gap === undefined ? held : `partly (${gap}): ${held}`} |`;
  });
  return ['| # | rule | tests, in `test/` |', '|---|---|---|', ...rows].join('\n');
}

/** SECURITY.md with its table replaced by the current one. */
export function withCurrentTable(document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error('SECURITY.md has lost the marks around its table');
  return `${document.slice(0, from + begin.length)}\n${renderTable()}\n${document.slice(to)}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const file = join(root, 'SECURITY.md');
  writeFileSync(file, withCurrentTable(readFileSync(file, 'utf8')));
}
