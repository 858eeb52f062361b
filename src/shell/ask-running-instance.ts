import { request } from 'node:http';

/** Milliseconds that the running instance has to answer. */
const patience = 5000;

/**
 * Asks the instance that holds the data folder to show itself. `false` when it does not answer: it is starting, ending, or runs
 * with another runtime folder.
 */
export function askRunningInstance(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { socketPath: socket, path: '/open', method: 'POST', timeout: patience, headers: { 'content-type': 'application/json' } },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode === 200 || answer.statusCode === 204));
      },
    );
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end('{}');
  });
}
