/**
 * Requests that are asked again, and pings that are owed to agents.
 * Never edited once shipped: a change is a new migration.
 */
export const version = 3;

export const sql = `
ALTER TABLE approvals ADD COLUMN repeat_key TEXT;
CREATE INDEX approvals_by_repeat_key ON approvals (repeat_key) WHERE repeat_key IS NOT NULL;

CREATE TABLE pings (
  id TEXT PRIMARY KEY,
  boxed BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pings_by_expiry ON pings (expires_at);
`;
