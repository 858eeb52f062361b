/**
 * An installation of the shipped headless shell with many agents, each with a grant, a token and a broker key. A core in
 * this process fills the data folder, because no person wants to approve for an hour; the shell then runs on it as shipped.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TlsIdentity } from '../../../resources/demo/listen.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Secret } from '../../../src/base/secret.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import { type Core, createCore } from '../../../src/core.ts';
import { sealedFileKeychain } from '../../../src/platform/keychain/sealed-file.ts';
import type { Notice } from '../../../src/platform/notifier.ts';
import { chooseProcessIdentity } from '../../../src/platform/process-identity/choose.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { registerAgent, type StockAgent } from '../../authserver/support/stock-agent.ts';
import { type DemoBank, startDemoBank } from '../../demo/demo-bank.ts';
import { signInAsAda } from '../../demo/sign-in-as-ada.ts';
import { Installation } from '../../headless/headless-process.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import type { Canary } from './canaries.ts';
import { readSecrets } from './read-secrets.ts';

export interface GrantedAgent {
  readonly agent: StockAgent;
  readonly tokens: { readonly access_token: string; readonly token_type: 'dpop' };
}

export interface FilledInstallation {
  readonly installation: Installation;
  readonly bank: DemoBank;
  readonly agents: readonly GrantedAgent[];
  /** What the desktop would have shown meanwhile. */
  readonly notices: readonly Notice[];
  /** To start the shell with: agents know the port. */
  readonly port: number;
  /** Everything secret that the data folder holds now. Reads a copy. */
  secrets(): Promise<readonly Canary[]>;
  remove(): Promise<void>;
}

export interface Filling {
  readonly agentCount: number;
  /** Whether the bank is spoken to by TLS. Default: no. */
  readonly tls?: boolean;
}

export async function fillInstallation(passphrase: string, { agentCount, tls = false }: Filling): Promise<FilledInstallation> {
  const installation = new Installation();
  const identity = tls ? trustedIdentity(installation) : undefined;
  const bank = await startDemoBank({ accessTokenSeconds: 5, ...(identity && { tls: identity }) });
  mkdirSync(installation.data, { mode: 0o700 });
  const store = openStore({ file: join(installation.data, 'counterfoil.db') });
  const keychain = sealedFileKeychain(join(installation.data, 'keychain.json'));
  const processes = chooseProcessIdentity(process.platform, { log: silentLog });
  const machine = memoryPlatform({ keychain });
  const core = await createCore({ ...machine, clock: systemClock, processes }, store, {
    agentPort: 0,
    version: 'test',
    openWindow: () => {},
    quit: () => {},
    presets: [demoBankPreset(bank)],
  });
  await core.vault.create(Secret.fromText(passphrase));
  await connect(core);
  const agents: GrantedAgent[] = [];
  for (let index = 0; index < agentCount; index += 1) agents.push(await grantTo(core, `Clerk ${index}`));
  await core.stop();
  store.close();
  return {
    installation,
    bank,
    agents,
    notices: machine.notifier.history,
    port: Number(new URL(core.issuer).port),
    secrets: () => inCopy(installation.data, (data) => readSecrets(data, passphrase)),
    async remove() {
      await installation.remove();
      await bank.stop();
    },
  };
}

/** An identity for 127.0.0.1 that this process and the shell of the installation trust. */
function trustedIdentity({ folder, variables }: Installation): TlsIdentity {
  const [key, cert] = [join(folder, 'bank-key.pem'), join(folder, 'bank.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject];
  execFileSync('openssl', [...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  setDefaultCACertificates([...getCACertificates('default'), identity.cert]);
  variables['NODE_EXTRA_CA_CERTS'] = cert;
  return identity;
}

async function connect(core: Core): Promise<void> {
  const { id } = core.connections.add('demo');
  const { authorizationUrl } = await core.connections.beginSignIn(id);
  await (await fetch(await signInAsAda(authorizationUrl), { redirect: 'manual' })).body?.cancel();
  await core.connections.finished(id);
}

async function grantTo(core: Core, agentName: string): Promise<GrantedAgent> {
  const agent = await registerAgent(core.issuer);
  const { auth_req_id: request } = await agent.ask({
    authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
  });
  const [waiting] = core.approvals.listPending();
  if (waiting === undefined) throw new Error('the request did not arrive');
  const { askedDigest, version, details, scopes } = core.approvals.card(waiting.id);
  const narrowing = { details: details.map(({ detail }) => detail), scopes, lifetime: '1h' } as const;
  const { grantedDigest } = core.approvals.preview(waiting.id, narrowing);
  const decision = { approvalId: waiting.id, askedDigest, cardVersion: version, grantedDigest, narrowing, agentName };
  core.approvals.approve({ ...decision, presence: { kind: 'passphrase', at: systemClock.now() } });
  const { body } = await agent.poll(request);
  return { agent, tokens: { access_token: String(body['access_token']), token_type: 'dpop' } };
}

async function inCopy<Result>(folder: string, work: (copy: string) => Promise<Result>): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), 'counterfoil-copy-'));
  try {
    cpSync(folder, copy, { recursive: true });
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
