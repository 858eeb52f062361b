/**
 * What a row said when it was signed last, kept beside it while a version without MAC stands in its place (written while the vault
 * is locked): at unlock the two are compared, and only what takes authority away is taken over.
 * Never edited once shipped: a change is a new migration.
 */
export const version = 4;

const guarded = [
  'settings',
  'agents',
  'connections',
  'resources',
  'connection_credentials',
  'approvals',
  'receipts',
  'grants',
  'upstream_tokens',
  'server_payloads',
] as const;

export const sql = guarded
  .map(
    (table) => `
ALTER TABLE ${table} ADD COLUMN signed_version INTEGER;
ALTER TABLE ${table} ADD COLUMN signed_body TEXT;
ALTER TABLE ${table} ADD COLUMN signed_mac BLOB;`,
  )
  .join('');
