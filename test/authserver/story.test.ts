import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accounts } from '../details/samples.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import { registerAgent } from './support/stock-agent.ts';

let door: Door;

beforeEach(async () => {
  door = await openAuthServer();
});

afterEach(() => door.close());

describe('openid-client, unmodified', () => {
  test('discovers, registers, asks, polls, refreshes, introspects and revokes', async () => {
    const agent = await registerAgent(door.issuer);
    expect(agent.config.serverMetadata().issuer).toBe(door.issuer);
    expect(door.agents.list()).toMatchObject([{ id: agent.id, state: 'pending', claimedName: 'planner' }]);

    const asked = await agent.ask({ binding_message: 'Quarterly report' });
    expect(asked).toMatchObject({ interval: 1, expires_in: 300 });
    const waiting = door.onlyPending();
    expect(waiting).toMatchObject({
      agentId: agent.id,
      resourceId: 'demo',
      bindingMessage: 'Quarterly report',
      details: [accounts],
    });

    const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, asked, undefined, { DPoP: agent.dpop });
    door.approve(waiting, { details: [{ ...accounts, actions: ['read_balances'] }] });
    const tokens = await polling;
    expect(tokens).toMatchObject({
      token_type: 'dpop',
      scope: 'accounts',
      authorization_details: [{ type: 'account_information', actions: ['read_balances'] }],
    });
    expect(tokens.expires_in).toBe(300);
    expect(tokens.claims()).toMatchObject({ iss: door.issuer, aud: agent.id });

    const refreshed = await oauth.refreshTokenGrant(agent.config, tokens.refresh_token ?? '', undefined, { DPoP: agent.dpop });
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(refreshed.authorization_details).toEqual(tokens.authorization_details);

    const facts = await oauth.tokenIntrospection(agent.config, refreshed.access_token);
    expect(facts).toMatchObject({
      active: true,
      aud: agent.resource,
      client_id: agent.id,
      cnf: { jkt: agent.dpopKey.thumbprint },
      authorization_details: [{ type: 'account_information', actions: ['read_balances'] }],
    });

    await oauth.tokenRevocation(agent.config, refreshed.refresh_token ?? '');
    expect((await oauth.tokenIntrospection(agent.config, refreshed.access_token)).active).toBe(false);
    expect(new Set(door.revoked).size).toBe(1);
    expect(door.keep.events()).toEqual(
      expect.arrayContaining([
        'agent.registered',
        'approval.requested',
        'approval.granted',
        'token.issued',
        'token.refreshed',
        'token.revoked',
        'grant.revoked',
      ]),
    );
  });
});
