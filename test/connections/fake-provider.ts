import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { close, listen } from '../../resources/demo/listen.ts';

/** What a request to the provider brought. */
export interface ProviderRequest {
  readonly path: string;
  readonly form: URLSearchParams;
  readonly proof?: string;
}

type Body = Readonly<Record<string, unknown>>;
type Answer = {
  readonly status?: number;
  readonly body?: Body;
  readonly headers?: Record<string, string>;
  readonly hang?: boolean;
  readonly raw?: string;
};

/** What to change; each gets the honest answer. */
export interface ProviderBehaviour {
  metadata?: (honest: Body) => Body;
  discovery?: (request: ProviderRequest) => Answer | undefined;
  code?: (honest: Body) => Body;
  refresh?: (request: ProviderRequest) => Answer | undefined | Promise<Answer | undefined>;
  exchange?: (honest: Body, request: ProviderRequest) => Body;
  exchangeAnswer?: (request: ProviderRequest) => Answer | undefined;
  introspection?: (honest: Body) => Body;
  revocation?: (request: ProviderRequest) => Answer | undefined;
}

export interface FakeProvider {
  readonly issuer: string;
  readonly behaviour: ProviderBehaviour;
  readonly requests: readonly ProviderRequest[];
  /** Tokens that were revoked. */
  readonly revoked: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** A provider that does as a test says: honest unless told otherwise. It checks nothing. */
export async function startFakeProvider(behaviour: ProviderBehaviour = {}): Promise<FakeProvider> {
  const server = createServer();
  const issuer = await listen(server, 0);
  const requests: ProviderRequest[] = [];
  const revoked = new Set<string>();
  const issued = new Map<string, Body>();
  const fake = { issuer, behaviour, requests, revoked, stop: () => close(server) };
  server.on('request', (request, response) => {
    readRequest(request)
      .then(async (asked) => {
        requests.push(asked);
        send(response, (await special(fake, asked)) ?? { body: await honestAnswer(fake, asked, issued) });
      })
      .catch(() => response.destroy());
  });
  return fake;
}

async function readRequest(request: IncomingMessage): Promise<ProviderRequest> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const proof = request.headers.dpop;
  return {
    path: (request.url ?? '').split('?')[0] ?? '',
    form: new URLSearchParams(body),
    ...(typeof proof === 'string' && { proof }),
  };
}

async function special({ behaviour }: FakeProvider, request: ProviderRequest): Promise<Answer | undefined> {
  if (request.path.startsWith('/.well-known/')) return behaviour.discovery?.(request);
  if (request.path === '/revoke') return behaviour.revocation?.(request);
  if (request.form.get('grant_type') === 'refresh_token') return behaviour.refresh?.(request);
  if (request.form.get('grant_type')?.endsWith('token-exchange')) return behaviour.exchangeAnswer?.(request);
  return undefined;
}

type Issued = Map<string, Body>;

async function honestAnswer(
  fake: FakeProvider & { revoked: Set<string> },
  request: ProviderRequest,
  issued: Issued,
): Promise<Body> {
  const { behaviour, issuer } = fake;
  if (request.path.startsWith('/.well-known/')) return behaviour.metadata?.(metadataOf(issuer)) ?? metadataOf(issuer);
  const token = request.form.get('token') ?? '';
  if (request.path === '/revoke') {
    fake.revoked.add(token);
    return {};
  }
  if (request.path === '/introspect') {
    const facts = fake.revoked.has(token) ? { active: false } : (issued.get(token) ?? { active: false });
    return behaviour.introspection?.(facts) ?? facts;
  }
  return tokenAnswer(fake, request, issued);
}

async function tokenAnswer({ behaviour, issuer }: FakeProvider, { form, proof }: ProviderRequest, issued: Issued): Promise<Body> {
  const value = randomUUID();
  if (!form.get('grant_type')?.endsWith('token-exchange')) {
    const honest = { access_token: value, token_type: 'DPoP', expires_in: 600, refresh_token: `rt-${randomUUID()}` };
    return form.get('grant_type') === 'authorization_code' ? (behaviour.code?.(honest) ?? honest) : honest;
  }
  const details: unknown = JSON.parse(form.get('authorization_details') ?? '[]');
  const { jwk } = decodeProtectedHeader(proof ?? '') as { jwk: JWK };
  issued.set(value, {
    active: true,
    aud: form.get('resource'),
    scope: form.get('scope'),
    exp: Math.floor(Date.now() / 1000) + 300,
    cnf: { jkt: await calculateJwkThumbprint(jwk) },
    act: { sub: decodeJwt(form.get('actor_token') ?? '').sub },
    authorization_details: details,
    iss: issuer,
  });
  const honest = {
    access_token: value,
    token_type: 'DPoP',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    expires_in: 300,
    scope: form.get('scope'),
    authorization_details: details,
  };
  return behaviour.exchange?.(honest, { path: '/token', form }) ?? honest;
}

function metadataOf(issuer: string): Body {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  };
}

function send(response: ServerResponse, { status = 200, body = {}, headers = {}, hang = false, raw }: Answer): void {
  if (hang) return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(raw ?? JSON.stringify(body));
}

/** Comes back from the fake provider's sign-in page as a browser would. */
export async function comeBack(provider: FakeProvider, authorizationUrl: string): Promise<void> {
  const { searchParams } = new URL(authorizationUrl);
  const callback = new URL(searchParams.get('redirect_uri') ?? '');
  callback.search = new URLSearchParams({
    code: randomUUID(),
    state: searchParams.get('state') ?? '',
    iss: provider.issuer,
  }).toString();
  await (await fetch(callback, { redirect: 'manual' })).body?.cancel();
}
