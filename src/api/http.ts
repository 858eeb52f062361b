/**
 * The person's listener, for the shell without a window of its own: the UI's files, the start of a session, calls and change
 * notices. One accepted host name, made up for this installation, on a random port of both loopback addresses (security
 * rules 4 and 10). A page has no cookie: it signs each request with a key that cannot leave it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { ApprovalId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { callPrefix, changesPath, type revokeEverything, sessionPath } from '../contract/wire.ts';
import { bindBothLoopbacks, checkRequest, type GateRules, type RouteRule, readBody } from '../gate/gate.ts';
import { answerOrRefuse, maxBodyBytes, parseBody, sendAnswer, sendJson, streamChanges } from './answer-http.ts';
import type { Api } from './api.ts';
import { LaunchTokens } from './launch-tokens.ts';
import { PageKeys, pageKeyShape } from './page-keys.ts';
import { readUiFiles, sendUiFile, type UiFiles } from './ui-files.ts';

export interface PersonDoorDeps {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  /** The built UI. */
  readonly uiFolder: string;
  /** `cf-<random>.localhost`, the same at each start of this installation. */
  readonly hostName: string;
  /** Default 0: a free one at each start. Only tests name another. */
  readonly port?: number;
}

export interface PersonDoor {
  /** For example `http://cf-k3v9….localhost:41873`. */
  readonly origin: string;
  /** An address that opens one page, once, within 60 seconds; on one approval or at the end of all grants if named. Show it to nobody else. */
  createLaunchUrl(open?: ApprovalId | typeof revokeEverything): string;
  close(): Promise<void>;
}

const sessionBody = z.strictObject({ launch: z.string().max(200), publicKey: pageKeyShape });

/** Binds and serves the person's listener. Refuses `launch_failed` when the UI is not built or no address can be bound. */
export async function openPersonDoor(deps: PersonDoorDeps): Promise<PersonDoor> {
  const files = readUiFiles(deps.uiFolder);
  const listener = await bindBothLoopbacks(deps.port ?? 0);
  const host = `${deps.hostName}:${listener.port}`;
  const door = new HttpDoor(deps, { files, origin: `http://${host}`, rules: rulesFor(host, files) });
  listener.serve((request, response) => answerOrRefuse(response, { log: deps.log, work: () => door.answer(request, response) }));
  return {
    origin: `http://${host}`,
    createLaunchUrl: (open) => door.launchUrl(open),
    close: () => listener.close(),
  };
}

function rulesFor(host: string, files: UiFiles): GateRules {
  // security: rule 4, one host name and no other
  return { hosts: [host], origins: [`http://${host}`], routes: personRoutes(files) };
}

/** Everything that is answered here. Tests attack each of them. */
export function personRoutes(files: UiFiles): readonly RouteRule[] {
  const json = { methods: ['POST'], mediaTypes: ['application/json'], maxBytes: maxBodyBytes } as const;
  return [
    // A file with the launch link leads here from another origin; the page holds nothing until its fragment is redeemed.
    ...[...files.keys()].map((path) => ({ path, methods: ['GET', 'HEAD'], navigable: path === '/' })),
    { path: sessionPath, ...json },
    { path: changesPath, ...json },
    { path: callPrefix, prefix: true, ...json },
  ];
}

class HttpDoor {
  readonly #deps: PersonDoorDeps;
  readonly #site: { readonly files: UiFiles; readonly origin: string; readonly rules: GateRules };
  readonly #launches: LaunchTokens;
  readonly #pages = new PageKeys();

  constructor(deps: PersonDoorDeps, site: { readonly files: UiFiles; readonly origin: string; readonly rules: GateRules }) {
    this.#deps = deps;
    this.#site = site;
    this.#launches = new LaunchTokens(deps.clock);
  }

  launchUrl(open?: Parameters<PersonDoor['createLaunchUrl']>[0]): string {
    const fragment = new URLSearchParams({ launch: this.#launches.issue(), ...(open === undefined ? {} : { open }) });
    return `${this.#site.origin}/#${fragment.toString()}`;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path } = checkRequest(request, this.#site.rules);
    const file = this.#site.files.get(path);
    if (file) {
      sendUiFile(request, response, file);
      return;
    }
    // security: a request that changes anything comes from our own page, and says so
    if (request.headers.origin !== this.#site.origin) throw new Refusal('origin_refused', 'Refused.');
    const body = await readBody(request, { maxBytes: maxBodyBytes, clock: this.#deps.clock });
    if (path === sessionPath) {
      this.#begin(response, parseBody(body));
      return;
    }
    const session = this.#pages.verify(path, request.headers, body);
    if (path === changesPath) streamChanges(response, session, this.#deps);
    else await sendAnswer(response, { session, operation: path.slice(callPrefix.length), body }, this.#deps.api);
  }

  #begin(response: ServerResponse, body: unknown): void {
    const parsed = sessionBody.safeParse(body);
    if (!parsed.success) throw new Refusal('invalid_input', 'This is not the start of a session.');
    if (!this.#launches.redeem(parsed.data.launch)) {
      throw new Refusal('session_unknown', 'This link was used before, or is too old.', { hint: 'Open Counterfoil again.' });
    }
    const begun = this.#deps.api.beginSession('page');
    this.#pages.add(begun.session, parsed.data.publicKey);
    sendJson(response, begun);
  }
}
