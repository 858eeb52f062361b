import { allowInsecureRequests, Configuration, customFetch, discovery, None } from 'openid-client';
import { Refusal } from '../base/errors.ts';
import type { Connection, ConnectionsDeps } from './connections.ts';
import type { ProviderSockets } from './provider-sockets.ts';
import { refusalOf } from './upstream-errors.ts';
import { createUpstreamFetch } from './upstream-fetch.ts';

const defaultTimeoutMs = 10_000;
const loopbackHosts = ['127.0.0.1', '[::1]', 'localhost'];
/** Our own limit counts: openid-client's runs on the machine's clock. Seconds. */
const outOfTheWay = 600;

type DiscoveryDeps = Pick<ConnectionsDeps, 'clock' | 'upstreamTimeoutMs'> & { readonly sockets: ProviderSockets };
type Provider = Pick<Connection, 'issuer' | 'clientId'>;

/** A provider that was discovered. Each call makes a configuration of its own, so that one may be changed. */
export type ProviderClient = () => Configuration;

/**
 * Reads a provider's metadata and checks that it is that provider's: the issuer equals ours to the letter, and no
 * endpoint lies outside the issuer's origin.
 *
 * Refuses `upstream_unreachable`, `upstream_slow`, `upstream_refused`.
 * @see OpenID Connect Discovery 1.0, section 4.3 · RFC 8414, section 3.3
 */
export async function discoverProvider(deps: DiscoveryDeps, provider: Provider): Promise<ProviderClient> {
  const issuer = new URL(provider.issuer);
  const plain = issuer.protocol === 'http:';
  if (plain && !loopbackHosts.includes(issuer.hostname)) {
    throw new Refusal('upstream_refused', 'A provider outside this computer must be reached by https.');
  }
  const upstreamFetch = createUpstreamFetch({
    clock: deps.clock,
    sockets: deps.sockets,
    timeoutMs: deps.upstreamTimeoutMs ?? defaultTimeoutMs,
    origins: [issuer.origin],
  });
  const options = { [customFetch]: upstreamFetch, timeout: outOfTheWay, execute: plain ? [allowInsecureRequests] : [] };
  const config = await discovery(issuer, provider.clientId, undefined, None(), options).catch((error: unknown) => {
    throw refusalOf(error);
  });
  checkMetadata(config, provider.issuer);
  const metadata = config.serverMetadata();
  return () => {
    const fresh = new Configuration(metadata, provider.clientId, undefined, None());
    fresh[customFetch] = upstreamFetch;
    fresh.timeout = outOfTheWay;
    if (plain) allowInsecureRequests(fresh);
    return fresh;
  };
}

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'jwks_uri',
] as const;

function checkMetadata(config: Configuration, issuer: string): void {
  const metadata = config.serverMetadata();
  const refuse = (detail: string): Refusal => new Refusal('upstream_refused', 'The provider describes itself wrongly.', { detail });
  // openid-client compares parsed addresses; a slash more or less is another issuer.
  if (metadata.issuer !== issuer) throw refuse('issuer differs');
  for (const endpoint of endpoints) {
    const address = metadata[endpoint];
    // security: rule 9
    if (address !== undefined && URL.parse(address)?.origin !== new URL(issuer).origin) throw refuse(`${endpoint} is foreign`);
  }
  if (!metadata.supportsPKCE('S256')) throw refuse('no PKCE with S256');
  if (!metadata.dpop_signing_alg_values_supported?.includes('ES256')) throw refuse('no DPoP with ES256');
}
