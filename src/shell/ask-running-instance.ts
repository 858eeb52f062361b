import { request } from 'node:http';
import { Refusal } from '../base/errors.ts';

/** Milliseconds that the running instance has to answer. */
const patience = 5000;

/**
 * Asks the instance that holds the data folder to show itself. `false` when it does not answer: it is starting, ending, or runs
 * with another runtime folder. Refuses `rate_limited` when it runs and will open no more windows for now.
 */
export function askRunningInstance(socket: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: socket, path: '/open', method: 'POST', timeout: patience, headers: { 'content-type': 'application/json' } },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 429) reject(askedTooOften(answer.headers['retry-after']));
          else resolve(answer.statusCode === 200 || answer.statusCode === 204);
        });
      },
    );
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end('{}');
  });
}

function askedTooOften(retryAfter: string | undefined): Refusal {
  return new Refusal('rate_limited', 'Counterfoil is running already, but too many windows were asked for just now.', {
    hint: `Ask again in ${retryAfter ?? 'some'} seconds.`,
  });
}
