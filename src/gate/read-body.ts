import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds for the whole body. Default 10,000. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
}

/**
 * Reads a request's body whole.
 *
 * Refuses `too_large` at the first byte too many, and `invalid_input` when it does not arrive in time or breaks off.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void): void => {
      cancelTimer();
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      act();
    };
    const refuse = (refusal: Refusal): void => {
      settle(() => {
        request.pause();
        reject(refusal);
      });
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limits.maxBytes) {
        refuse(new Refusal('too_large', 'The request body is too large.', { members: { max_bytes: limits.maxBytes } }));
      } else chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks, size)));
    const onBroken = (): void => refuse(new Refusal('invalid_input', 'The request body broke off.'));
    const cancelTimer = limits.clock.after(limits.timeoutMs ?? 10_000, () =>
      refuse(new Refusal('invalid_input', 'The request body did not arrive in time.')),
    );
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}
