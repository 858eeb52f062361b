/**
 * A sample agent. It knows nothing of Counterfoil but standards, and uses a stock OAuth client: discovery, dynamic
 * registration with its public key, CIBA with rich authorization requests, DPoP. It never sees a token of the bank.
 *
 * `node resources/demo/agent.ts [issuer] [--only accounts|payment|documents|calls] [--repeat] [--socket] [--state <folder>] [--new-server]`
 *
 * With `--socket` it comes in by the Unix socket that the descriptor names; the issuer stays the same.
 *
 * Leaves with 6 when another server answers than the one it registered with.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as client from 'openid-client';
import { AgentIdentity } from './agent-identity.ts';
import { cents, type PaymentInitiation } from './bank.ts';
import { callPlainly, readDocuments, type TaskTools } from './document-tasks.ts';
import { descriptorFiles, type FoundServer, findServer, isAnswering } from './find-server.ts';
import { ServerNotProven } from './pin-server.ts';
import { defaultStateFolder } from './state-file.ts';

interface Agent {
  readonly issuer: string;
  readonly config: client.Configuration;
  readonly DPoP: client.DPoPHandle;
  /** The bank's API, as this computer's agents see it. */
  readonly resource: string;
}

interface Granted {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly details: readonly Readonly<Record<string, unknown>>[];
  readonly expiresAt: number;
}

/** An answer of the proxy, whether it was a yes or a no. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const say = (text: string): void => console.log(text);
const step = (text: string): void => console.log(`\n— ${text}`);

const accountRequest = { type: 'account_information', actions: ['list_accounts', 'read_balances'] };
const paymentRequest: PaymentInitiation = {
  type: 'payment_initiation',
  actions: ['initiate'],
  instructedAmount: { currency: 'EUR', amount: '250.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
  remittanceInformationUnstructured: 'Invoice 2026-114',
};

async function waitForServer(given: string | undefined, bySocket: boolean): Promise<FoundServer> {
  for (let tries = 0; ; tries += 1) {
    const found = findServer();
    const issuer = given ?? found?.issuer;
    const server = issuer === undefined ? undefined : { issuer, ...(bySocket && found?.socket && { socket: found.socket }) };
    if (server !== undefined && (!bySocket || 'socket' in server) && (await isAnswering(server))) return server;
    if (tries === 0)
      say(`Waiting for Counterfoil. Start it with "npm start". (Looking at ${given ?? descriptorFiles().join(', ')})`);
    await sleep(1000);
  }
}

async function ask(agent: Agent, details: readonly object[], message: string): Promise<Granted> {
  const started = await start(agent, {
    scope: 'openid',
    login_hint: 'me',
    resource: agent.resource,
    authorization_details: JSON.stringify(details),
    binding_message: message,
  });
  say('Asked. Look at Counterfoil: the answer is yours to give.');
  const answer = await waitFor(agent, started);
  const granted = answer.authorization_details as Granted['details'] | undefined;
  say(`Granted: ${JSON.stringify(granted)}`);
  return {
    accessToken: answer.access_token,
    details: granted ?? [],
    expiresAt: Date.now() + (answer.expires_in ?? 60) * 1000,
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
  };
}

/** Sends the request; waits with it while the person has not connected the bank yet. */
async function start(
  agent: Agent,
  parameters: Record<string, string>,
): Promise<Awaited<ReturnType<typeof client.initiateBackchannelAuthentication>>> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await client.initiateBackchannelAuthentication(agent.config, parameters);
    } catch (error) {
      const reason = isLocked(error) ? 'temporarily_unavailable' : reasonOf(error);
      if (reason !== 'invalid_target' && reason !== 'temporarily_unavailable') throw error;
      if (tries === 0) say(waitingWords[reason]);
      await sleep(2000);
    }
  }
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof client.ResponseBodyError ? error.error : undefined;
}

const waitingWords = {
  invalid_target:
    'Demo Bank is not connected yet. Press "Try it" in Counterfoil, or add the connection and sign in as ada. Waiting.',
  temporarily_unavailable: 'Counterfoil is locked or busy. Waiting.',
};

/** Polls until there is an answer. The server holds each poll, so this costs next to nothing. */
async function waitFor(agent: Agent, started: Awaited<ReturnType<typeof start>>): Promise<client.TokenEndpointResponse> {
  for (;;) {
    try {
      return await client.pollBackchannelAuthenticationGrant(agent.config, started, undefined, { DPoP: agent.DPoP });
    } catch (error) {
      if (!isLocked(error) && reasonOf(error) !== 'temporarily_unavailable') throw error;
      await sleep(2000);
    }
  }
}

async function call(agent: Agent, granted: Granted, request: { path: string; method?: string; body?: unknown }): Promise<Answer> {
  const { path, method = 'GET', body } = request;
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  const text = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(`${agent.resource}${path}`);
  try {
    const answer = await client.fetchProtectedResource(agent.config, granted.accessToken, url, method, text, headers, {
      DPoP: agent.DPoP,
    });
    return await read(answer);
  } catch (error) {
    if (error instanceof client.WWWAuthenticateChallengeError) return read(error.response);
    throw error;
  }
}

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  try {
    return { status: answer.status, body: JSON.parse(text) as Answer['body'] };
  } catch {
    return { status: answer.status, body: { text } };
  }
}

function showRefusal({ status, body }: Answer): void {
  say(`Refused, ${status} ${words(body.code ?? body.error)}: ${words(body.detail ?? body.title)}`);
  if (body.hint !== undefined) say(`  hint: ${words(body.hint)}`);
  if (body.required_details !== undefined) say(`  it would need: ${JSON.stringify(body.required_details)}`);
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function readAccounts(agent: Agent, repeat: boolean): Promise<void> {
  step('Asking to see the accounts');
  let granted = await ask(agent, [accountRequest], 'Monthly overview');
  for (;;) {
    const { status, body } = await call(agent, granted, { path: '/accounts' });
    if (status !== 200) {
      showRefusal({ status, body });
      return;
    }
    say(`Accounts: ${JSON.stringify(body.accounts)}`);
    say(`The bank saw: ${JSON.stringify(body.seen)}`);
    if (!repeat) return;
    await sleep(5000);
    if (Date.now() > granted.expiresAt - 20_000) granted = await refresh(agent, granted);
  }
}

async function refresh(agent: Agent, granted: Granted): Promise<Granted> {
  if (granted.refreshToken === undefined) return granted;
  const parameters = { resource: agent.resource };
  const answer = await client.refreshTokenGrant(agent.config, granted.refreshToken, parameters, { DPoP: agent.DPoP });
  return {
    ...granted,
    accessToken: answer.access_token,
    expiresAt: Date.now() + (answer.expires_in ?? 60) * 1000,
    refreshToken: answer.refresh_token ?? granted.refreshToken,
  };
}

async function pay(agent: Agent): Promise<void> {
  step('Asking to pay 250.00 EUR to Nordwind Office GmbH');
  const granted = await ask(agent, [paymentRequest], 'Invoice 2026-114');
  const [detail] = granted.details as unknown as readonly PaymentInitiation[];
  if (!detail) return say('Nothing was granted.');
  const { instructedAmount, creditorName, creditorAccount, remittanceInformationUnstructured } = detail;
  const order = { instructedAmount, creditorName, creditorAccount, remittanceInformationUnstructured };
  const more = { ...order, instructedAmount: { ...instructedAmount, amount: hundredMore(instructedAmount.amount) } };

  step(`Trying to pay more than was granted: ${more.instructedAmount.amount} ${instructedAmount.currency}`);
  showOutcome(await call(agent, granted, { path: '/payments', method: 'POST', body: more }));
  step(`Paying exactly what was granted: ${instructedAmount.amount} ${instructedAmount.currency}`);
  showOutcome(await call(agent, granted, { path: '/payments', method: 'POST', body: order }));
  step('Trying to pay a second time');
  showOutcome(await call(agent, granted, { path: '/payments', method: 'POST', body: order }));
}

function showOutcome(answer: Answer): void {
  if (answer.status !== 201) return showRefusal(answer);
  say(`Paid: ${JSON.stringify(answer.body.payment)}`);
  say(`The bank saw: ${JSON.stringify(answer.body.seen)}`);
}

function hundredMore(amount: string): string {
  const value = (cents(amount) ?? 0n) + 10_000n;
  return `${value / 100n}.${String(value % 100n).padStart(2, '0')}`;
}

/** Waits with what is to be sent while Counterfoil is locked and cannot prove that it is itself. */
async function untilProven<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (tries === 0) say('Counterfoil has not been unlocked since it started, so it cannot prove that it is itself. Waiting.');
      await sleep(2000);
    }
  }
}

/** openid-client wraps what a fetch throws. */
function serverNotProven(error: unknown): ServerNotProven | undefined {
  if (error instanceof ServerNotProven) return error;
  return error instanceof Error && error.cause !== undefined ? serverNotProven(error.cause) : undefined;
}

function isLocked(error: unknown): boolean {
  return serverNotProven(error)?.reason === 'locked';
}

/** Connects, and once more after registering anew when the server has forgotten this agent. */
async function connect(server: FoundServer, stateFolder: string): Promise<Agent> {
  const { issuer } = server;
  const { config, isNew } = await untilProven(() => new AgentIdentity(stateFolder).connect(server));
  say(isNew ? 'Registered as a new agent.' : 'Known here from before.');
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  return { issuer, config, DPoP, resource: `${issuer}/proxy/demo` };
}

type Task = (agent: Agent) => Promise<void>;

/** What to do: one thing when it is named, otherwise accounts and then a payment. */
function tasksOf(only: string | undefined, repeat: boolean): readonly Task[] {
  const tools = (agent: Agent): TaskTools<Granted> => ({
    step,
    ask: (details, message) => ask(agent, details, message),
    call: (granted, request) => call(agent, granted, request),
    show: (reply) => (reply.status < 300 ? say(`Done, ${reply.status}: ${JSON.stringify(reply.body)}`) : showRefusal(reply)),
  });
  const known: Readonly<Record<string, Task>> = {
    accounts: (agent) => readAccounts(agent, repeat),
    payment: pay,
    documents: (agent) => readDocuments(tools(agent)),
    calls: (agent) => callPlainly(tools(agent)),
  };
  const names = only !== undefined && Object.hasOwn(known, only) ? [only] : ['accounts', 'payment'];
  return names.flatMap((name) => known[name] ?? []);
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      repeat: { type: 'boolean' },
      socket: { type: 'boolean' },
      state: { type: 'string' },
      'new-server': { type: 'boolean' },
    },
  });
  const stateFolder = values.state ?? defaultStateFolder();
  if (values['new-server'] === true) new AgentIdentity(stateFolder).forgetServer();
  const server = await waitForServer(positionals[0], values.socket === true);
  step(`Found Counterfoil at ${server.issuer}${server.socket === undefined ? '' : `, by ${server.socket}`}`);
  const tasks = tasksOf(values.only, values.repeat ?? false);
  let agent = await connect(server, stateFolder);
  for (const task of tasks) {
    try {
      await task(agent);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === 'invalid_client') {
        say('This agent is not known there any more.');
        new AgentIdentity(stateFolder).forget(server.issuer);
        agent = await connect(server, stateFolder);
        await task(agent);
      } else if (reason === 'access_denied')
        say(`Denied. ${error instanceof client.ResponseBodyError ? (error.error_description ?? '') : ''}`);
      else if (reason === 'expired_token') say('Nobody answered in time.');
      else throw error;
    }
  }
  step('Done');
}

const otherServerExitCode = 6;

run().catch((error: unknown) => {
  const unproven = serverNotProven(error);
  if (unproven !== undefined) {
    console.error(unproven.message);
    process.exitCode = otherServerExitCode;
    return;
  }
  console.error(error instanceof client.ResponseBodyError ? `${error.error}: ${error.error_description ?? ''}` : error);
  process.exitCode = 1;
});
