import type { Peer } from '../process-identity.ts';

/** One row of `/proc/net/tcp` or `/proc/net/tcp6`. */
export interface SocketRow {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Who made the socket. */
  readonly uid: number;
  /** 0 once no process holds it. */
  readonly inode: number;
}

/**
 * Reads the table of a little-endian machine; lines that do not fit are skipped.
 *
 * IPv4 addresses inside IPv6 are written as IPv4; other IPv6 addresses as eight groups, not shortened.
 * @see proc(5), /proc/net/tcp
 */
export function parseProcNet(text: string): readonly SocketRow[] {
  return text.split('\n').flatMap((line) => {
    const [, local, remote, , , , , uid, , inode] = line.trim().split(/\s+/);
    const from = parseEndpoint(local);
    const to = parseEndpoint(remote);
    if (from === undefined || to === undefined || !isNumber(uid) || !isNumber(inode)) return [];
    return [
      {
        localAddress: from.address,
        localPort: from.port,
        remoteAddress: to.address,
        remotePort: to.port,
        uid: Number(uid),
        inode: Number(inode),
      },
    ];
  });
}

/**
 * The other end of our connection: its local port is the peer's, its remote port is ours. Rows that nobody holds do not
 * count. More than one row means that it cannot be told which.
 */
export function findPeerRows(rows: readonly SocketRow[], peer: Extract<Peer, { kind: 'tcp' }>): readonly SocketRow[] {
  const long = peer.family === 6 && plainAddress(peer.remoteAddress ?? ':').includes(':');
  return rows.filter(
    (row) =>
      row.inode !== 0 &&
      row.localAddress.includes(':') === long &&
      row.localPort === peer.remotePort &&
      row.remotePort === peer.localPort &&
      fits(peer.remoteAddress, row.localAddress) &&
      fits(peer.localAddress, row.remoteAddress),
  );
}

function fits(wanted: string | undefined, found: string): boolean {
  return wanted === undefined || plainAddress(wanted) === found;
}

/** The spelling of this file for an address as Node spells it. */
function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1];
  if (mapped !== undefined) return mapped;
  if (!withoutZone.includes(':')) return withoutZone;
  const [head = '', tail] = withoutZone.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

function parseEndpoint(text: string | undefined): { address: string; port: number } | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text ?? '');
  const [, address = '', port = ''] = match ?? [];
  if (match === null) return undefined;
  return {
    address: address.length === 8 ? dotted(wordBytes(address)) : parseLongAddress(address),
    port: Number.parseInt(port, 16),
  };
}

function parseLongAddress(hex: string): string {
  const bytes = [0, 8, 16, 24].flatMap((start) => wordBytes(hex.slice(start, start + 8)));
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return dotted(bytes.slice(12));
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16)).join(':');
}

/** The kernel prints each 32-bit word as a number, so its bytes come reversed. */
function wordBytes(hex: string): readonly number[] {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function dotted(bytes: readonly number[]): string {
  return bytes.join('.');
}

function isNumber(text: string | undefined): boolean {
  return /^\d+$/.test(text ?? '');
}
