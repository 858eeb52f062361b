import { type Agent, type ClientRequest, Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { OnReadOpts, Socket } from 'node:net';

/** `SSL_OP_CLEANSE_PLAINTEXT`, which Node does not name: OpenSSL overwrites what it has deciphered and handed on. */
const cleansePlaintext = 2;
/** Bytes that one read can bring. */
const readLength = 64 * 1024;

/** Sockets that read into a buffer of ours: Node's own is one for the whole program, and keeps what came last. */
class OwnBufferAgent extends HttpAgent {
  override createConnection(...[options, done]: Parameters<HttpAgent['createConnection']>): ReturnType<Agent['createConnection']> {
    return readingIntoOurs((onread) => super.createConnection({ ...options, onread } as typeof options, done));
  }
}

class OwnBufferTlsAgent extends HttpsAgent {
  override createConnection(...[options, done]: Parameters<HttpsAgent['createConnection']>): ReturnType<Agent['createConnection']> {
    return readingIntoOurs((onread) => super.createConnection({ ...options, onread } as typeof options, done));
  }
}

function readingIntoOurs(
  connect: (onread: OnReadOpts) => ReturnType<Agent['createConnection']>,
): ReturnType<Agent['createConnection']> {
  const buffer = Buffer.alloc(readLength);
  const socket = connect({
    buffer,
    callback: (length) => {
      const piece = Buffer.alloc(length, buffer.subarray(0, length));
      buffer.fill(0, 0, length);
      return (socket as Socket).push(piece);
    },
  });
  return socket;
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

const newAgents = (): Agents => ({
  http: new OwnBufferAgent({ keepAlive: true }),
  https: new OwnBufferTlsAgent({ keepAlive: true, secureOptions: cleansePlaintext }),
});

/** Connections to providers, kept open between requests. What they read is overwritten as soon as it was understood. */
export class ProviderSockets {
  #agents = newAgents();

  /** Like `request` of `node:http` and `node:https`. */
  request(url: URL, options: Pick<RequestOptions, 'method' | 'headers' | 'signal'>): ClientRequest {
    const { http, https } = this.#agents;
    const request =
      url.protocol === 'https:' ? httpsRequest(url, { ...options, agent: https }) : httpRequest(url, { ...options, agent: http });
    request.once('socket', (socket) => overwriteWhatWasRead(request, socket));
    return request;
  }

  /** Ends what is idle now, and what is in use once its answer is there. */
  letGo(): void {
    const old: readonly Agent[] = Object.values(this.#agents);
    this.#agents = newAgents();
    for (const agent of old) {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }
}

/** The parser was asked to listen before us and copies what it hands on, so each piece is done with when we get it. */
function overwriteWhatWasRead(request: ClientRequest, socket: Socket): void {
  const overwrite = (piece: Buffer): void => void piece.fill(0);
  socket.on('data', overwrite);
  // The parser listens anew for the next request on this socket: we must not be there before it.
  request.once('close', () => socket.off('data', overwrite));
}
