import { request } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { NotificationEndpoint } from './notification-endpoint.ts';

export interface PingSecrets {
  readonly authReqId: Secret;
  /** `client_notification_token`. */
  readonly token: Secret;
}

/** `taken`: 2xx. `refused`: the agent said no, or pointed elsewhere. `failed`: nobody answered in time, or an error of the moment. */
export type PingOutcome = 'taken' | 'refused' | 'failed';

const timeoutMs = 3_000;

/**
 * Sends one ping: the id and nothing else, and no word of the answer but its status is read. Never follows a redirect.
 *
 * @see CIBA Core 1.0, section 10.2
 */
export function sendPing(
  endpoint: NotificationEndpoint,
  secrets: PingSecrets,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<PingOutcome> {
  return new Promise((resolve) => {
    const body = secrets.authReqId.openText((id) => JSON.stringify({ auth_req_id: id }));
    const sent = request({
      host: endpoint.host,
      port: endpoint.port,
      path: endpoint.path,
      method: 'POST',
      agent: false,
      signal,
      // security: nothing that it says is kept in memory
      maxHeaderSize: 8_192,
      headers: {
        Authorization: secrets.token.openText((token) => `Bearer ${token}`),
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        Connection: 'close',
      },
    });
    const end = (outcome: PingOutcome): void => {
      cancel();
      resolve(outcome);
      sent.destroy();
    };
    const cancel = clock.after(timeoutMs, () => end('failed'));
    // Destroying it makes a last error that nobody needs.
    sent.on('error', () => end('failed'));
    sent.on('response', (response) => end(outcomeOf(response.statusCode ?? 0)));
    sent.end(body);
  });
}

function outcomeOf(status: number): PingOutcome {
  if (status >= 200 && status < 300) return 'taken';
  return status >= 500 || status === 429 ? 'failed' : 'refused';
}
