import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Peer, ProcessEvidence } from '../../src/platform/process-identity.ts';
import { describePortHolder } from '../../src/shell/port-holder.ts';

const nobody: ProcessEvidence = {
  state: 'unknown',
  parents: [],
  ownNamespaces: false,
  confinement: [],
  otherHolders: [],
  remarks: [],
};

describe('who holds a port', () => {
  it('is named for the person, by asking who holds the other end of a connection', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const peers: Peer[] = [];
    const identify = async (peer: Peer): Promise<ProcessEvidence> => {
      peers.push(peer);
      return { ...nobody, state: 'known', process: { pid: 42, executable: '/usr/bin/other', executableVerified: true } };
    };
    expect(await describePortHolder({ identify }, port)).toBe('/usr/bin/other (pid 42)');
    expect(peers).toMatchObject([{ kind: 'tcp', remotePort: port, family: 4 }]);
    expect(await describePortHolder({ identify: async () => nobody }, port)).toBeUndefined();
    server.close();
    await once(server, 'close');
  });

  it('is asked for again while the other program has not taken the connection yet', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let looks = 0;
    const identify = async (): Promise<ProcessEvidence> => {
      looks += 1;
      return looks < 3 ? nobody : { ...nobody, state: 'known', process: { pid: 42, executableVerified: false } };
    };
    expect(await describePortHolder({ identify }, (server.address() as AddressInfo).port)).toBe('a program (pid 42)');
    server.close();
    await once(server, 'close');
  });

  it('is unknown when nobody listens any more', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await describePortHolder({ identify: async () => nobody }, port)).toBeUndefined();
  });
});
