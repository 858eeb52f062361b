import type { BackedUp } from '../shell/back-up-data.ts';
import type { Restored } from '../shell/restore-data.ts';
import { printFields, printJson, type Terminal } from './terminal.ts';

/**
 * Copies of the data folder, made and put back by this command itself and with its own rights. There is no operation for it: the core
 * would write and read where a stranger at the socket says.
 */
export interface DataCopies {
  backUp(to: string): Promise<BackedUp>;
  restore(from: string): Promise<Restored>;
}

export interface CopyScene {
  readonly copies: DataCopies;
  readonly terminal: Terminal;
  readonly json: boolean;
}

const opensWith = {
  here: 'your passphrase, or your printed recovery code: who has the copy needs no more than one of them',
  keychain: "your passphrase and the item in this system's keychain, or your printed recovery code alone",
};
const notInIt = {
  here: 'the log for developers, and what the browser keeps',
  keychain: "the item in this system's keychain; the log for developers, and what the browser keeps",
};

export async function backUp({ copies, terminal, json }: CopyScene, to: string): Promise<void> {
  const copy = await copies.backUp(to);
  if (json) return printJson(terminal, copy);
  printFields(terminal, [
    ['copied to', copy.folder],
    ['in it', copy.files.join(', ')],
    ['not in it', notInIt[copy.keyItems]],
    ['opens with', opensWith[copy.keyItems]],
  ]);
}

export async function restore({ copies, terminal, json }: CopyScene, from: string): Promise<void> {
  const restored = await copies.restore(from);
  if (json) return printJson(terminal, restored);
  printFields(terminal, [
    ['restored from', from],
    ...(restored.aside === undefined ? [] : [['what was there', `${restored.aside} (remove it when you are sure)`] as const]),
    ['next', 'start Counterfoil and unlock: where the copy is older, every grant stands still until you say which go on'],
  ]);
}
