/** The tables of the main job. Never edited once shipped: a change is a new migration. */
export const version = 1;

export const sql = `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  ts TEXT NOT NULL,
  event TEXT NOT NULL,
  agent_id TEXT,
  approval_id TEXT,
  grant_id TEXT,
  entry TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_grant ON audit (grant_id, seq) WHERE grant_id IS NOT NULL;
CREATE INDEX audit_by_agent ON audit (agent_id, seq) WHERE agent_id IS NOT NULL;

CREATE TABLE settings (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB
) STRICT;

CREATE TABLE agents (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  state TEXT NOT NULL,
  registered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX agents_by_state ON agents (state, registered_at);

CREATE TABLE connections (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  preset_id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE resources (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE connection_credentials (
  id TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB
) STRICT;

CREATE TABLE approvals (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  state TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  auth_req_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX approvals_by_state ON approvals (state, created_at);
CREATE INDEX approvals_by_agent ON approvals (agent_id, created_at);

CREATE TABLE receipts (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  approval_id TEXT NOT NULL UNIQUE REFERENCES approvals (id)
) STRICT;

CREATE TABLE grants (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  agent_id TEXT NOT NULL REFERENCES agents (id),
  connection_id TEXT NOT NULL,
  live INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_by_live ON grants (live, expires_at);
CREATE INDEX grants_by_agent ON grants (agent_id, live);

CREATE TABLE upstream_tokens (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  grant_id TEXT NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX upstream_tokens_by_grant ON upstream_tokens (grant_id);
CREATE INDEX upstream_tokens_by_state ON upstream_tokens (state, due_at);

CREATE TABLE server_payloads (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  model TEXT NOT NULL,
  grant_id TEXT,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX server_payloads_by_grant ON server_payloads (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX server_payloads_by_expiry ON server_payloads (expires_at);
`;
