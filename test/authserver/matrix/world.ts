/** What the cases are tried on: our core, or a bare oidc-provider. Both speak the same protocol to the same agents. */
import { createHash } from 'node:crypto';
import type { SigningKey } from '../support/stock-agent.ts';
import { cibaGrantType } from '../support/stock-agent.ts';
import type { Answer, Draft } from './draft.ts';
import { newAssertion, newProof, send } from './draft.ts';

export interface Caller {
  readonly id: string;
  /** Signs client assertions. */
  readonly key: SigningKey;
  /** Signs proofs. */
  readonly dpopKey: SigningKey;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface World {
  readonly issuer: string;
  /** Known and accepted. */
  readonly agent: Caller;
  /** Another one, with a grant of its own. */
  readonly other: Caller;
  /** A key that nobody registered. */
  readonly stranger: SigningKey;
  /** Tokens of {@link World.other}, which are never used by the cases' own requests. */
  readonly othersTokens: Tokens;
  readonly othersRequest: string;
  /** Newest nonce of the server, and for how many milliseconds it is known. */
  nonce(): { readonly value: string; readonly age: number };
  send(draft: Draft): Promise<Answer>;
  /** A request of {@link World.agent} that was approved and is not redeemed. */
  approvedRequest(): Promise<string>;
  /** Tokens of {@link World.agent} that nothing has used. */
  tokens(): Promise<Tokens>;
  /** What decides, by table, and the newest event of success: different when anything of it has changed. */
  state(): Readonly<Record<string, unknown>>;
  /** Takes away what a request left waiting. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** A well-formed request of its kind. Whoever spoils nothing in it is served. */
export interface Base {
  readonly name: string;
  readonly make: (world: World) => Promise<Draft>;
  /** What it is answered when nothing is spoilt. */
  readonly served: string;
  /** Only our core has it. */
  readonly oursOnly?: boolean;
}

export const accountDetails = JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]);

const post = (world: World, endpoint: string, form: NonNullable<Draft['params']>): Draft => ({
  method: 'POST',
  path: endpoint,
  headers: [],
  params: { client_id: world.agent.id, ...form },
  assertion: newAssertion(world.agent, world.issuer),
});

const proven = async (world: World, draft: Draft): Promise<Draft> => ({
  ...draft,
  proof: newProof(world.agent.dpopKey, { htm: draft.method, htu: `${world.issuer}${draft.path}`, nonce: await nonceOf(world) }),
});

/** A nonce lives for a minute: one that is older is asked for again, by a poll that nobody answers. */
async function nonceOf(world: World): Promise<string> {
  if (world.nonce().age < 20_000) return world.nonce().value;
  const draft = post(world, '/token', { grant_type: cibaGrantType, auth_req_id: 'none' });
  await world.send({ ...draft, proof: newProof(world.agent.dpopKey, { htm: 'POST', htu: `${world.issuer}/token` }) });
  return world.nonce().value;
}

const question = (world: World): NonNullable<Draft['params']> => ({
  scope: 'openid accounts',
  login_hint: 'me',
  resource: `${world.issuer}/proxy/demo`,
  authorization_details: accountDetails,
});

export const ask: Base = {
  name: 'a request at /bc-authorize',
  make: async (world) => post(world, '/bc-authorize', question(world)),
  served: '200 ok',
};

export const askWithProof: Base = {
  name: 'a request with a proof at /bc-authorize',
  make: async (world) => proven(world, post(world, '/bc-authorize', question(world))),
  served: '200 ok',
};

export const poll: Base = {
  name: 'a poll at /token',
  make: async (world) =>
    proven(world, post(world, '/token', { grant_type: cibaGrantType, auth_req_id: await world.approvedRequest() })),
  served: '200 ok',
};

export const refresh: Base = {
  name: 'a refresh at /token',
  make: async (world) =>
    proven(world, post(world, '/token', { grant_type: 'refresh_token', refresh_token: (await world.tokens()).refreshToken })),
  served: '200 ok',
};

export const introspect: Base = {
  name: 'a question at /introspect',
  make: async (world) => post(world, '/introspect', { token: (await world.tokens()).accessToken }),
  served: '200 ok',
};

export const revoke: Base = {
  name: 'a revocation at /revoke',
  make: async (world) => post(world, '/revoke', { token: (await world.tokens()).accessToken }),
  served: '200 ok',
};

export const register: Base = {
  name: 'a registration at /register',
  make: async (world) => ({
    method: 'POST',
    path: '/register',
    headers: [],
    json: {
      client_name: 'newcomer',
      jwks: { keys: [world.stranger.jwk] },
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: [cibaGrantType, 'refresh_token'],
      response_types: [],
      redirect_uris: [],
      backchannel_token_delivery_mode: 'poll',
      id_token_signed_response_alg: 'ES256',
      dpop_bound_access_tokens: true,
    },
  }),
  served: '201 ok',
};

export const metadata: Base = {
  name: 'the metadata',
  make: async () => ({ method: 'GET', path: '/.well-known/oauth-authorization-server', headers: [] }),
  served: '200 ok',
};

export const call: Base = {
  name: 'a call at /proxy',
  oursOnly: true,
  async make(world) {
    const { accessToken } = await world.tokens();
    const url = '/proxy/demo/accounts';
    return {
      method: 'GET',
      path: url,
      headers: [['Authorization', `DPoP ${accessToken}`]],
      proof: newProof(world.agent.dpopKey, {
        htm: 'GET',
        htu: `${world.issuer}${url}`,
        nonce: await nonceOf(world),
        ath: hashOfToken(accessToken),
      }),
    };
  },
  served: '200 ok',
};

/** Remembers the newest nonce of every answer. */
export function rememberNonces(issuer: string): Pick<World, 'nonce' | 'send'> {
  let newest = { value: 'none yet', at: 0 };
  return {
    nonce: () => ({ value: newest.value, age: Date.now() - newest.at }),
    async send(draft) {
      const answer = await send(issuer, draft);
      const value = answer.headers['dpop-nonce'];
      if (value !== undefined) newest = { value, at: Date.now() };
      return answer;
    },
  };
}

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('base64url');
