/** One open file of one process, from `lsof -F`. */
export interface OpenFile {
  readonly pid: number;
  readonly uid?: number;
  /** `cwd`, `txt` or a number. */
  readonly descriptor: string;
  readonly name?: string;
  /** Decimal. */
  readonly device?: string;
  readonly inode?: string;
  /** Of a Unix socket: where the kernel keeps it, as `0x…`. */
  readonly address?: string;
}

/**
 * Reads the output of `lsof -F`: each line is a letter and a value; `p` begins a process, `f` a file of it.
 * @see lsof(8), OUTPUT FOR OTHER PROGRAMS
 */
export function parseLsof(text: string): readonly OpenFile[] {
  const files: OpenFile[] = [];
  let owner: { pid: number; uid?: number } | undefined;
  for (const line of text.split('\n')) {
    const [letter, value] = [line.charAt(0), line.slice(1)];
    if (letter === 'p') owner = { pid: Number(value) };
    if (owner === undefined || !Number.isInteger(owner.pid)) continue;
    if (letter === 'u') owner.uid = Number(value);
    if (letter === 'f') files.push({ ...owner, descriptor: value });
    const last = files.at(-1);
    if (last?.pid !== owner.pid) continue;
    if (letter === 'n') files[files.length - 1] = { ...last, name: value };
    if (letter === 'i') files[files.length - 1] = { ...last, inode: value };
    if (letter === 'd') files[files.length - 1] = { ...last, address: value };
    if (letter === 'D') files[files.length - 1] = { ...last, device: String(Number(value)) };
  }
  return files;
}

/** The processes whose socket has `remotePort` on their side and `localPort` on ours. */
export function holdersOf(
  files: readonly OpenFile[],
  ports: { readonly localPort: number; readonly remotePort: number },
): readonly number[] {
  const ends = files.filter((file) => {
    const [theirs, ours] = (file.name ?? '').split('->');
    return portOf(theirs) === ports.remotePort && portOf(ours) === ports.localPort;
  });
  return [...new Set(ends.map((file) => file.pid))];
}

/**
 * Who holds the other end of our Unix socket: `lsof` writes `->` and the address of the other end for a socket without a
 * path. An accepted one has the listener's path, so it is found from the other side.
 */
export function unixHoldersOf(
  files: readonly OpenFile[],
  ours: { readonly pid: number; readonly descriptor: number },
): readonly number[] {
  const own = files.find((file) => file.pid === ours.pid && file.descriptor === String(ours.descriptor));
  if (own?.address === undefined) return [];
  const other = /^->(0x[0-9a-f]+)$/i.exec(own.name ?? '')?.[1];
  const ends = files.filter((file) => file.name === `->${own.address}` || (other !== undefined && file.address === other));
  return [...new Set(ends.map((file) => file.pid))];
}

function portOf(end: string | undefined): number | undefined {
  const port = /:(\d+)$/.exec(end ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}
