/** APIs on this computer that verify our tokens themselves. Never edited once shipped: a change is a new migration. */
export const version = 5;

export const sql = `
CREATE TABLE local_resources (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB,
  signed_version INTEGER, signed_body TEXT, signed_mac BLOB,
  indicator TEXT NOT NULL UNIQUE
) STRICT;
`;
