import { AuthorizationResponseError, ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { Refusal } from '../base/errors.ts';

const retrySoonSeconds = 5;

/** The OAuth error code that a server answered with, if it did. */
export function oauthErrorOf(error: unknown): string | undefined {
  return error instanceof ResponseBodyError || error instanceof AuthorizationResponseError ? error.error : undefined;
}

/** What a failed request to a provider means, as a refusal. What the provider wrote goes to the log only. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const cause = error instanceof ClientError ? error.cause : undefined;
  if (cause instanceof Refusal) return cause;
  if (error instanceof ResponseBodyError) {
    if (error.status >= 500) return unreachable(error, `status ${error.status}`);
    return refused(error, JSON.stringify([error.error, error.error_description]));
  }
  if (error instanceof AuthorizationResponseError) return refused(error, JSON.stringify([error.error, error.error_description]));
  if (error instanceof WWWAuthenticateChallengeError) return refused(error, `challenge, status ${error.status}`);
  if (cause instanceof Response)
    return cause.status >= 500 ? unreachable(error, `status ${cause.status}`) : refused(error, `status ${cause.status}`);
  if (error instanceof ClientError && error.code !== undefined) return refused(error, `${error.code} ${error.message}`);
  return unreachable(error, String(cause ?? error));
}

function refused(cause: unknown, detail: string): Refusal {
  return new Refusal('upstream_refused', 'The provider refused.', { cause, detail });
}

function unreachable(cause: unknown, detail: string): Refusal {
  return new Refusal('upstream_unreachable', 'The provider cannot be reached.', {
    cause,
    detail,
    retryAfterSeconds: retrySoonSeconds,
  });
}

/** The provider took longer than a request may. */
export function slow(): Refusal {
  return new Refusal('upstream_slow', 'The provider did not answer in time.', { retryAfterSeconds: retrySoonSeconds });
}
