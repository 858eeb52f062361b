import type { JWK } from 'jose';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  type Configuration,
  calculatePKCECodeChallenge,
  type DPoPHandle,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { type CallbackListener, listenForCallback } from './callback-listener.ts';
import { makeConnectionKey, proofsBy } from './connection-key.ts';
import type { ConnectionPreset } from './connections.ts';
import { type Credentials, credentialsFrom } from './credentials.ts';
import { oauthErrorOf, refusalOf } from './upstream-errors.ts';

interface SignInRequest {
  readonly clock: Clock;
  readonly config: Configuration;
  readonly preset: Pick<ConnectionPreset, 'scopes' | 'details' | 'resources'>;
}

export interface SignedIn {
  readonly credentials: Credentials;
  readonly account?: string;
}

/** A sign-in that waits for the person's browser. */
export interface OpenSignIn {
  readonly authorizationUrl: string;
  /** Refuses `sign_in_failed`. Nothing has been stored yet. */
  readonly done: Promise<SignedIn>;
  stop(): void;
}

interface Pending {
  readonly request: SignInRequest;
  readonly listener: CallbackListener;
  readonly proofs: DPoPHandle;
  readonly privateJwk: JWK;
  readonly verifier: string;
  readonly state: string;
}

/**
 * Begins an authorization code flow: PKCE, DPoP with a new connection key, pushed where the provider offers it.
 * @see RFC 7636 · RFC 9126 · RFC 9449, section 10 · RFC 9396 · RFC 8707
 */
export async function beginSignIn(request: SignInRequest): Promise<OpenSignIn> {
  const { key, privateJwk } = await makeConnectionKey();
  const state = randomState();
  const verifier = randomPKCECodeVerifier();
  const listener = await listenForCallback({ clock: request.clock, state });
  const proofs = proofsBy(request.config, key);
  try {
    const parameters = authorizationParameters(request.preset, {
      redirect_uri: listener.redirectUri,
      state,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      dpop_jkt: key.thumbprint,
    });
    const pushed = request.config.serverMetadata().pushed_authorization_request_endpoint !== undefined;
    const url = pushed
      ? await buildAuthorizationUrlWithPAR(request.config, parameters, { DPoP: proofs })
      : buildAuthorizationUrl(request.config, parameters);
    const done = finish({ request, listener, proofs, privateJwk, verifier, state });
    done.catch(() => {});
    return { authorizationUrl: url.href, done, stop: () => listener.stop() };
  } catch (error) {
    listener.stop();
    throw refusalOf(error);
  }
}

function authorizationParameters(preset: SignInRequest['preset'], given: Record<string, string>): URLSearchParams {
  const parameters = new URLSearchParams({ ...given, scope: preset.scopes.join(' '), prompt: 'consent' });
  for (const resource of preset.resources) parameters.append('resource', resource.indicator);
  if (preset.details) parameters.set('authorization_details', JSON.stringify(preset.details));
  return parameters;
}

async function finish(pending: Pending): Promise<SignedIn> {
  const { request, listener } = pending;
  const callback = await listener.received;
  const [resource] = request.preset.resources;
  try {
    const answer = await authorizationCodeGrant(
      request.config,
      callback,
      { pkceCodeVerifier: pending.verifier, expectedState: pending.state },
      resource ? { resource: resource.indicator } : {},
      { DPoP: pending.proofs },
    );
    const account = answer.claims()?.sub;
    const credentials = credentialsFrom(answer, { key: pending.privateJwk }, request.clock);
    return { credentials, ...(account !== undefined && { account }) };
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): Refusal {
  if (isRefusal(error, 'sign_in_failed')) return error;
  if (oauthErrorOf(error) === 'access_denied') {
    return new Refusal('sign_in_failed', 'The provider says that you cancelled.', { cause: error });
  }
  const refusal = refusalOf(error);
  return new Refusal('sign_in_failed', 'The sign-in at the provider did not work.', {
    cause: refusal,
    hint: 'Try again.',
    ...(refusal.detail !== undefined && { detail: refusal.detail }),
  });
}
