import type { Scene } from './read-commands.ts';
import { printJson } from './terminal.ts';
import { counted } from './words.ts';

/** Says in words what was done, or in JSON. */
function report({ terminal, json }: Scene, words: string, value: unknown): void {
  if (json) printJson(terminal, value);
  else terminal.err(words);
}

export async function deny(scene: Scene, id: string, reason: string | undefined): Promise<void> {
  await scene.client.call('approvals.deny', reason === undefined ? { id } : { id, reason });
  report(scene, 'Denied.', { denied: id });
}

export async function revoke(scene: Scene, ids: readonly string[]): Promise<void> {
  const { ended } = await scene.client.call('grants.revoke', { ids: [...ids] });
  report(scene, `Ended ${counted(ended, 'grant')}.`, { ended });
}

export async function revokeAll(scene: Scene): Promise<void> {
  const { ended } = await scene.client.call('grants.revokeAll', {});
  report(scene, `Ended ${counted(ended, 'grant')}.`, { ended });
}

export async function pause(scene: Scene): Promise<void> {
  await scene.client.call('agents.pauseAll', {});
  report(scene, 'All agents are paused. Resuming is done in the window.', { paused: true });
}

export async function lock(scene: Scene): Promise<void> {
  await scene.client.call('vault.lock', {});
  report(scene, 'Locked.', { locked: true });
}
