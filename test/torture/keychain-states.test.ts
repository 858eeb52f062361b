import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isRefusal, type Refusal } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { Machine, unwritable } from '../vault/keychain-states.ts';
import { goal } from './goal.ts';

const passphrase = () => Secret.fromText(testPassphrase);
const next = () => Secret.fromText('meadow lantern copper walrus engine');
const machines: Machine[] = [];
afterEach(() => {
  for (const machine of machines.splice(0)) machine.remove();
});

function aMachine(mood: Machine['system']['mood'] = 'well'): Machine {
  const machine = new Machine();
  machine.system.mood = mood;
  machines.push(machine);
  return machine;
}

/** What happened, as SECURITY.md says it. */
interface Answer {
  /** When the person hears it. */
  readonly when: 'start' | 'page' | 'unlock' | 'create' | '-';
  readonly code: string;
  readonly says: string;
}

const answered = (when: Answer['when'], { code, message }: Refusal): Answer => ({ when, code, says: message });

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (isRefusal(error)) return error;
  throw new Error('nothing was refused as such', { cause: error });
}

/** A start that must be refused: nothing is shown, so no first-run screen either. */
async function refusedStart(machine: Machine): Promise<Answer> {
  const answer = answered('start', await refusalOf(machine.start()));
  machine.stop();
  return answer;
}

/** A start that must lead to the page that says what is missing. The code opens it; without a code nothing starts. */
async function recoverable(machine: Machine, code: Secret): Promise<Answer> {
  const { vault } = await machine.start();
  expect(vault.state()).toBe('locked');
  const missing = vault.missing();
  if (!missing) throw new Error('nothing is missing');
  expect((await refusalOf(vault.unlock(passphrase()))).message).toBe(missing.message);
  await vault.recover(code, next());
  expect(vault.state()).toBe('unlocked');
  vault.lock();
  machine.stop();
  const again = await machine.start();
  expect(again.vault.missing()).toBeUndefined();
  await again.vault.unlock(next());
  again.vault.lock();
  return answered('page', missing);
}

const states: Readonly<Record<string, () => Promise<Answer>>> = {
  'nothing yet: no data, no keychain item': async () => {
    const { vault } = await aMachine().start();
    expect(vault.state()).toBe('absent');
    return { when: '-', code: 'first run', says: 'Choose a passphrase' };
  },
  'keychain item missing': async () => {
    const machine = aMachine();
    const { code, install } = await machine.withVault();
    machine.system.items.delete(`root/${install}`);
    return recoverable(machine, code);
  },
  'keychain item has another value': async () => {
    const machine = aMachine();
    const { code, install } = await machine.withVault();
    machine.system.items.set(`root/${install}`, Buffer.alloc(32, 1).toString('base64url'));
    return recoverable(machine, code);
  },
  'keychain gone from this system': async () => {
    const machine = aMachine();
    const { code } = await machine.withVault();
    machine.system.mood = 'none';
    return recoverable(machine, code);
  },
  'keychain locked': async () => {
    const machine = aMachine();
    await machine.withVault();
    machine.system.mood = 'locked';
    return refusedStart(machine);
  },
  'keychain refused: its question was dismissed': async () => {
    const machine = aMachine();
    await machine.withVault();
    machine.system.mood = 'dismissed';
    return refusedStart(machine);
  },
  'keychain does not answer': async () => {
    const machine = aMachine();
    await machine.withVault();
    machine.system.mood = 'silent';
    return refusedStart(machine);
  },
  'keychain full, when the vault is made': async () => {
    const machine = aMachine('full');
    const { vault } = await machine.start();
    const answer = answered('create', await refusalOf(vault.create(passphrase())));
    expect(vault.state()).toBe('absent');
    machine.system.mood = 'well';
    await vault.create(passphrase());
    return answer;
  },
  'data folder missing': async () => {
    const machine = aMachine();
    await machine.withVault();
    rmSync(machine.folder, { recursive: true });
    return refusedStart(machine);
  },
  'database missing': async () => {
    const machine = aMachine('none');
    await machine.withVault();
    rmSync(machine.database);
    return refusedStart(machine);
  },
  'database of another installation': async () => {
    const [machine, other] = [aMachine(), aMachine()];
    await machine.withVault();
    const { code } = await other.withVault();
    machine.takeDatabaseOf(other);
    return recoverable(machine, code);
  },
  'database cannot be opened': async () => {
    const machine = aMachine();
    await machine.withVault();
    // Cannot be opened for writing whoever runs the tests; a mode would not stop an administrator.
    rmSync(machine.database);
    mkdirSync(machine.database);
    return refusedStart(machine);
  },
  'disk full or read-only, when unlocking': async () => {
    const machine = aMachine();
    await machine.withVault();
    machine.faulty = unwritable;
    const { vault } = await machine.start();
    const answer = answered('unlock', await refusalOf(vault.unlock(passphrase())));
    expect(vault.state()).toBe('locked');
    machine.stop();
    machine.faulty = (store) => store;
    await (await machine.start()).vault.unlock(passphrase());
    return answer;
  },
  'disk full, when the vault is made': async () => {
    const machine = aMachine();
    machine.faulty = unwritable;
    const { vault } = await machine.start();
    const answer = answered('create', await refusalOf(vault.create(passphrase())));
    expect(vault.state()).toBe('absent');
    expect([...machine.system.items.keys()].filter((item) => item.startsWith('root/'))).toEqual([]);
    machine.stop();
    machine.faulty = (store) => store;
    await (await machine.start()).vault.create(passphrase());
    return answer;
  },
  'file with the key items missing, where there is no keychain': async () => {
    const machine = aMachine('none');
    const { code } = await machine.withVault();
    rmSync(machine.keyFile);
    return recoverable(machine, code);
  },
  'file with the key items damaged': async () => {
    const machine = aMachine('none');
    await machine.withVault();
    writeFileSync(machine.keyFile, '{');
    return refusedStart(machine);
  },
};

/** Rows of the table in SECURITY.md: state, when, code, words. */
function writtenDown(): ReadonlyMap<string, Answer> {
  const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
  const table = /<!-- states:begin -->([\s\S]*?)<!-- states:end -->/.exec(text)?.[1] ?? '';
  const rows = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.map(([, state = '', when = '', code = '', says = '']) => [
      state,
      { when: when as Answer['when'], code: code.replaceAll('`', ''), says },
    ]),
  );
}

describe('when something is missing (goal M3) (security rule 22)', () => {
  test('the states in SECURITY.md are the tested ones', () => {
    expect([...writtenDown().keys()]).toEqual(Object.keys(states));
    expect(Object.keys(states).length).toBeGreaterThanOrEqual(12);
  });

  let right = 0;
  test.each(Object.keys(states))('%s: the answer is the one in SECURITY.md', async (state) => {
    expect(await states[state]?.()).toEqual(writtenDown().get(state));
    right += 1;
  });

  test('every answer was met', () => {
    const { report } = goal('M3', Object.keys(states).length, Object.keys(states).length);
    report(`${right} states of keychain and data folder, each answered as written down`);
    expect(right).toBe(Object.keys(states).length);
  });

  test.each(['keychain item missing', 'keychain gone from this system'])(
    '%s and no recovery code: the start is refused, and no first run is offered',
    async (state) => {
      const machine = aMachine();
      const { vault } = await machine.start();
      await vault.create(passphrase());
      vault.lock();
      machine.stop();
      if (state === 'keychain item missing') machine.system.items.clear();
      else machine.system.mood = 'none';
      const { code, says } = await refusedStart(machine);
      expect({ code, says }).toEqual({ code: writtenDown().get(state)?.code, says: writtenDown().get(state)?.says });
    },
  );

  test('in no state does a secret lie in the data folder unsealed', async () => {
    const machine = aMachine('none');
    const { code } = await machine.withVault();
    const files = readdirSync(machine.folder).map((name) => readFileSync(join(machine.folder, name)));
    expect(files.length).toBeGreaterThan(1);
    for (const bytes of files) {
      expect(bytes.includes(testPassphrase)).toBe(false);
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(bytes.includes(code.open((value) => value.toString(form)))).toBe(false);
      expect(bytes.includes(code.open((value) => Buffer.from(value)))).toBe(false);
    }
  });
});
