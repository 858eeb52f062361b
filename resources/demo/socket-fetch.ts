import { Agent, fetch as fetchBy } from 'undici';

const ways = new Map<string, typeof fetch>();

/** `fetch`, or the same through a Unix socket: the URL then says only what the server calls itself. */
export function fetchThrough(socket: string | undefined): typeof fetch {
  if (socket === undefined) return fetch;
  const known = ways.get(socket);
  if (known !== undefined) return known;
  const dispatcher = new Agent({ connect: { socketPath: socket } });
  const through = ((input: string, init?: object) => fetchBy(input, { ...init, dispatcher })) as unknown as typeof fetch;
  ways.set(socket, through);
  return through;
}
