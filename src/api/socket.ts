/**
 * The command line's door: HTTP over a Unix socket that only this user can reach. It reads and lowers. A session here can
 * never stand in for the person, so whatever raises answers `presence_required` (security rule 1), and nothing that it
 * answers is a secret: programs of the same user can reach it too.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { asId, type SessionId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { callPrefix, changesPath, openPath, sessionHeader, sessionPath } from '../contract/wire.ts';
import { bindSocket, checkRequest, type GateRules, readBody, setSecurityHeaders } from '../gate/gate.ts';
import { answerOrRefuse, maxBodyBytes, sendAnswer, sendJson, streamChanges } from './answer-http.ts';
import type { Api } from './api.ts';

export interface SocketDoorDeps {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  /** A path in a folder of mode 0700; on Windows the name of a pipe. What is left there of an earlier run is removed. */
  readonly path: string;
  /** Opens the person's window. What it opened is not told. */
  readonly onOpen: () => void | Promise<void>;
}

export interface SocketDoor {
  close(): Promise<void>;
}

const json = { methods: ['POST'], mediaTypes: ['application/json'], maxBytes: maxBodyBytes } as const;
const rules: GateRules = {
  hosts: ['localhost'],
  origins: [],
  routes: [
    { path: sessionPath, ...json },
    { path: openPath, ...json },
    { path: changesPath, ...json },
    { path: callPrefix, prefix: true, ...json },
  ],
};

/**
 * Binds and serves the socket. Refuses `launch_failed` when its folder is open to others, or it cannot be bound, and `port_taken`
 * when another program listens there.
 */
export async function openSocketDoor(deps: SocketDoorDeps): Promise<SocketDoor> {
  const begun: BegunHere = new Set();
  const openings = new Openings(deps.clock);
  const listener = await bindSocket(deps.path);
  listener.serve((request, response) => {
    answerOrRefuse(response, { log: deps.log, work: () => answer(request, response, { ...deps, begun, openings }) });
  });
  return { close: () => listener.close() };
}

/** Windows that may be asked for in that time. */
const mostOpenings = 5;
const openingsWindowMs = 10_000;

/** When windows were asked for, by {@link Clock.elapsed}. */
class Openings {
  readonly #clock: Clock;
  #recent: readonly number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Refuses `rate_limited`: the person must not be covered with windows, nor be told that one opened when none did. */
  admit(): void {
    const now = this.#clock.elapsed();
    this.#recent = this.#recent.filter((at) => now - at < openingsWindowMs);
    // security: rule 29
    if (this.#recent.length >= mostOpenings) {
      throw new Refusal('rate_limited', 'Too many windows were asked for.', { retryAfterSeconds: openingsWindowMs / 1000 });
    }
    this.#recent = [...this.#recent, now];
  }
}

/** Sessions of this socket, oldest first. */
type BegunHere = Set<SessionId>;

/** The core keeps no more of them either. */
const maxSessions = 64;

type AnswerDeps = SocketDoorDeps & { readonly begun: BegunHere; readonly openings: Openings };

async function answer(request: IncomingMessage, response: ServerResponse, deps: AnswerDeps): Promise<void> {
  const { path } = checkRequest(request, rules);
  const body = await readBody(request, { maxBytes: maxBodyBytes, clock: deps.clock });
  if (path === openPath) {
    deps.openings.admit();
    await deps.onOpen();
    setSecurityHeaders(response);
    response.writeHead(204).end();
    return;
  }
  if (path === sessionPath) {
    sendJson(response, beginSession(deps));
    return;
  }
  const session = sessionOf(request, deps.begun);
  if (path === changesPath) streamChanges(response, session, deps);
  else await sendAnswer(response, { session, operation: path.slice(callPrefix.length), body }, deps.api);
}

function beginSession({ api, begun }: AnswerDeps): ReturnType<Api['beginSession']> {
  const answered = api.beginSession('socket');
  begun.add(answered.session);
  const [oldest] = begun;
  if (begun.size > maxSessions && oldest !== undefined) begun.delete(oldest);
  return answered;
}

function sessionOf(request: IncomingMessage, begun: BegunHere): SessionId {
  const named = request.headers[sessionHeader];
  const session = asId<SessionId>(typeof named === 'string' ? named : '');
  // security: rule 1. Nothing is signed here, so the id of a page's session must be worth nothing.
  if (begun.has(session)) return session;
  throw new Refusal('session_unknown', 'This socket has no such session.', { hint: 'Begin one.' });
}
