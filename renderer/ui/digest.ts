/** `4f9a 2c71 · 88d0 1b5e`: the first 16 characters in groups of four, to compare by eye. */
export function digestGroups(digest: string): string {
  const groups = digest.slice(0, 16).match(/.{1,4}/g) ?? [];
  return `${groups.slice(0, 2).join(' ')} · ${groups.slice(2).join(' ')}`;
}
