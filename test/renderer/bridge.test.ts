import { describe, expect, it } from 'vitest';
import { type Bridge, bridgeTransport } from '../../renderer/main/bridge.ts';
import { createClient } from '../../src/contract/client.ts';
import { presenceSuite, toBase64Url } from '../../src/contract/seal-presence.ts';

async function bridgeWith(answers: Readonly<Record<string, unknown>>) {
  const suite = presenceSuite();
  const keys = await suite.kem.generateKeyPair();
  const coreKey = toBase64Url(new Uint8Array(await suite.kem.serializePublicKey(keys.publicKey)));
  const sent: string[] = [];
  const bridge: Bridge = {
    begin: async () => ({ session: 'session-1', coreKey }),
    async call(session, operation, envelope) {
      sent.push(JSON.stringify([session, operation, envelope]));
      return { ok: true, output: answers[operation] };
    },
    onChange: () => () => undefined,
  };
  return { bridge, sent };
}

describe('the bridge of the desktop window', () => {
  it('carries calls with their session', async () => {
    const { bridge, sent } = await bridgeWith({ 'grants.revoke': { ended: 1 } });
    const client = createClient(await bridgeTransport(bridge));
    expect(await client.call('grants.revoke', { ids: ['a'] })).toEqual({ ended: 1 });
    expect(sent).toEqual([JSON.stringify(['session-1', 'grants.revoke', { input: '{"ids":["a"]}' }])]);
  });

  it('never carries a passphrase in clear (security rule 10)', async () => {
    const { bridge, sent } = await bridgeWith({ 'presence.begin': { nonce: 'n', expiresAt: 1 }, 'vault.unlock': {} });
    const client = createClient(await bridgeTransport(bridge));
    await client.call('vault.unlock', {}, 'five random words of mine');
    expect(sent).toHaveLength(2);
    expect(sent.join(' ')).not.toContain('five random words');
  });
});
