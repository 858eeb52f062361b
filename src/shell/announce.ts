import type { Clock } from '../base/clock.ts';
import type { Core } from '../core.ts';
import { removeDescriptor, thumbprintOf, writeDescriptor } from './descriptor.ts';

/** What is written into the descriptor, and where. */
export interface Announcement {
  readonly core: Pick<Core, 'issuer' | 'vault' | 'changes'>;
  readonly clock: Clock;
  readonly file: string;
  readonly pid: number;
  /** The agents' Unix socket, where there is one. */
  readonly socket?: string | undefined;
}

/** Writes the descriptor, writes it again once the server has its key, and returns how to take it away. */
export function announce({ core, clock, file, pid, socket }: Announcement): () => void {
  const started = new Date(clock.now()).toISOString();
  let announcedKey: string | undefined;

  function write(): void {
    const jwk = core.vault.serverPublicJwk();
    announcedKey = jwk === undefined ? undefined : thumbprintOf(jwk);
    const issuer = core.issuer;
    writeDescriptor(file, {
      issuer,
      port: Number(new URL(issuer).port),
      ...(socket === undefined ? {} : { socket }),
      pid,
      started,
      ...(announcedKey === undefined ? {} : { server_jkt: announcedKey }),
    });
  }

  write();
  const unsubscribe = core.changes.subscribe(({ topic }) => {
    if (topic === 'vault' && announcedKey === undefined && core.vault.serverPublicJwk() !== undefined) write();
  });
  return () => {
    unsubscribe();
    removeDescriptor(file, pid);
  };
}
