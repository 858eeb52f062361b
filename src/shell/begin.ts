import inspector from 'node:inspector';
import { Refusal } from '../base/errors.ts';
import { askRunningInstance } from './ask-running-instance.ts';
import { findDebugger } from './find-debugger.ts';
import { chooseFolders, type Environment, type Folders } from './folders.ts';
import { type InstanceLock, takeInstanceLock } from './instance-lock.ts';
import { prepareFolders } from './prepare-folders.ts';
import { thisMachine } from './this-machine.ts';

/** Refuses `launch_failed` when another program could look into this process (security rule 19). */
export function refuseDebuggers(environment: Environment, signalOpensInspector: boolean): void {
  const reason = findDebugger({
    execArgv: process.execArgv,
    variables: Object.keys(environment).filter((name) => (environment[name] ?? '') !== ''),
    inspectorUrl: inspector.url(),
    signalOpensInspector,
  });
  if (reason !== undefined) throw new Refusal('launch_failed', `Counterfoil does not run: ${reason}.`);
}

/** The folders of this run, and the lock on them. */
export interface Ground {
  readonly folders: Folders;
  readonly lock: InstanceLock;
}

/**
 * Makes the folders and takes the lock. When another instance holds it, that one is asked to show itself: `shown` when it
 * did; refuses `already_running` when it does not answer, `rate_limited` when it was asked too often.
 */
export async function takeGround(environment: Environment): Promise<Ground | 'shown'> {
  const machine = thisMachine();
  const folders = chooseFolders(environment, machine);
  prepareFolders(folders, machine);
  const lock = takeInstanceLock(folders.data);
  if (lock !== undefined) return { folders, lock };
  if (await askRunningInstance(folders.socket)) return 'shown';
  throw new Refusal('already_running', `Counterfoil is already running with the data in ${folders.data}, but it does not answer.`, {
    hint: 'It may be starting or stopping; try again, or end that process.',
  });
}
