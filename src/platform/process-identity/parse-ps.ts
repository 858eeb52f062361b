/** One process, from `ps -axo pid=,ppid=,uid=,lstart=,comm=`. */
export interface PsRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** As `ps` writes it, for example `Sun Nov 22 18:04:11 2026`: one second fine. */
  readonly startTime: string;
  /** The whole path on macOS. */
  readonly executable: string;
}

/** Reads the table; lines that do not fit are skipped. */
export function parsePs(text: string): readonly PsRow[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s+(.+)$/.exec(line);
    const [, pid, parentPid, uid, startTime = '', executable = ''] = match ?? [];
    if (match === null) return [];
    return [
      {
        pid: Number(pid),
        parentPid: Number(parentPid),
        uid: Number(uid),
        startTime: startTime.replace(/\s+/g, ' '),
        executable: executable.trimEnd(),
      },
    ];
  });
}

/** The rows above one process, nearest first, at most `most`; stops where ids go round. */
export function rowsAbove<Row extends { readonly pid: number; readonly parentPid: number }>(
  rows: ReadonlyMap<number, Row>,
  start: Row,
  most: number,
): readonly Row[] {
  const above: Row[] = [];
  for (let row = rows.get(start.parentPid); row !== undefined && above.length < most; row = rows.get(row.parentPid)) {
    if (row.pid === start.pid || above.includes(row)) break;
    above.push(row);
  }
  return above;
}
