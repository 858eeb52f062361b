/**
 * The inode at the other end of our connection, in what `ss -xnH` prints: our path, our inode, `*`, the other inode.
 *
 * `undefined` when there is no such line, or more than one answer: a program may bind its end to a path with line breaks in
 * it and so add lines of its own, but it cannot take the true one away.
 *
 * @see ss(8)
 */
export function parsePeerInode(output: string, ours: { readonly path: string; readonly inode: number }): number | undefined {
  const found = new Set<number>();
  for (const line of output.split('\n')) {
    const [, rest] = /^u_str\s+ESTAB\s+\d+\s+\d+\s+(.*)$/.exec(line) ?? [];
    if (rest === undefined || !rest.startsWith(`${ours.path} `)) continue;
    const ends = /^ *(\d+) +\* +(\d+)(?: |$)/.exec(rest.slice(ours.path.length));
    if (ends !== null && Number(ends[1]) === ours.inode) found.add(Number(ends[2]));
  }
  const [one] = found;
  return found.size === 1 && one !== 0 ? one : undefined;
}
