/** One process, from `Win32_Process`. */
export interface WindowsRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly executable?: string;
  readonly commandLine?: string;
  /** 100 nanoseconds since 1601, as text. */
  readonly startTime?: string;
}

export interface WindowsAnswer {
  /** Who holds the connection. */
  readonly holders: readonly number[];
  readonly processes: readonly WindowsRow[];
}

/**
 * The question for PowerShell. `ports` are numbers of ours, so nothing is quoted.
 * Without ports the question is about one process.
 */
export function questionFor(peer: { readonly localPort: number; readonly remotePort: number } | { readonly pid: number }): string {
  const holders =
    'pid' in peer
      ? `@(${Math.trunc(peer.pid)})`
      : `@(Get-NetTCPConnection -LocalPort ${Math.trunc(peer.remotePort)} -RemotePort ${Math.trunc(peer.localPort)} -ErrorAction SilentlyContinue | ForEach-Object { $_.OwningProcess })`;
  return [
    `$holders = ${holders}`,
    '$processes = @(Get-CimInstance Win32_Process | ForEach-Object { @{ pid = $_.ProcessId; parentPid = $_.ParentProcessId; executable = $_.ExecutablePath; commandLine = $_.CommandLine; startTime = $(if ($_.CreationDate) { $_.CreationDate.ToFileTimeUtc().ToString() } else { $null }) } })',
    '@{ holders = $holders; processes = $processes } | ConvertTo-Json -Compress -Depth 4',
  ].join('; ');
}

/** Reads the answer; `undefined` when it is not one. Entries that do not fit are skipped. */
export function parseWindowsAnswer(text: string): WindowsAnswer | undefined {
  try {
    // Some versions put a byte order mark in front.
    const answer: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (!isRecord(answer)) return undefined;
    const holders = listOf(answer['holders']).filter((pid) => typeof pid === 'number');
    return { holders: [...new Set(holders)], processes: listOf(answer['processes']).flatMap(parseRow) };
  } catch {
    return undefined;
  }
}

function parseRow(row: unknown): readonly WindowsRow[] {
  if (!isRecord(row) || typeof row['pid'] !== 'number' || typeof row['parentPid'] !== 'number') return [];
  const { executable, commandLine, startTime } = row;
  return [
    {
      pid: row['pid'],
      parentPid: row['parentPid'],
      ...(typeof executable === 'string' ? { executable } : {}),
      ...(typeof commandLine === 'string' ? { commandLine } : {}),
      ...(typeof startTime === 'string' ? { startTime } : {}),
    },
  ];
}

/** PowerShell writes a list of one as the one. */
function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
