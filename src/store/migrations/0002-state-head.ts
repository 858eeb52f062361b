/**
 * The state head (security rule 8): one leaf per guarded row, and one head over all leaves.
 * Never edited once shipped: a change is a new migration.
 */
export const version = 2;

export const sql = `
CREATE TABLE state_leaves (
  table_name TEXT NOT NULL,
  row_id TEXT NOT NULL,
  mac BLOB NOT NULL,
  PRIMARY KEY (table_name, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE state_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  body TEXT NOT NULL,
  mac BLOB NOT NULL
) STRICT;
`;
