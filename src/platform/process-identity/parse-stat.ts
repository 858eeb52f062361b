/** Of `/proc/<pid>/stat`. */
export interface ProcessStat {
  readonly parentPid: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

/**
 * Reads one line of `/proc/<pid>/stat`; `undefined` when it does not fit.
 *
 * The name of the program stands in brackets and may hold brackets and blanks itself, so fields are counted from the last one.
 * @see proc(5), /proc/pid/stat, fields 4 and 22
 */
export function parseStat(line: string): ProcessStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [, parentPid] = fields;
  const startTime = fields[19];
  if (!isNumber(parentPid) || !isNumber(startTime)) return undefined;
  return { parentPid: Number(parentPid), startTime: String(startTime) };
}

/** Of `/proc/<pid>/status`. */
export interface ProcessStatus {
  /** The real user id. */
  readonly uid?: number;
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
}

/** Reads the lines of `/proc/<pid>/status` that matter here. */
export function parseStatus(text: string): ProcessStatus {
  const value = (name: string): string | undefined => new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  const uid = value('Uid');
  return {
    ...(uid === undefined ? {} : { uid: Number(uid) }),
    noNewPrivileges: value('NoNewPrivs') === '1',
    seccomp: Number(value('Seccomp') ?? 0),
  };
}

function isNumber(text: string | undefined): boolean {
  return /^\d+$/.test(text ?? '');
}
