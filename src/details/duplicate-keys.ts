/**
 * The first object key that stands twice in one object of a JSON text, or `undefined`.
 * `JSON.parse` silently keeps the last one, so two readers of one text could see two different requests.
 * `__proto__` counts as a second one wherever it stands: some readers drop it, others merge what is in it.
 *
 * @param text Valid JSON: parse it first.
 */
export function findDuplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && expectsKey) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        // security: rule 7, our own schemas would not see it, and the bytes are sent on as they are
        if (keys.has(key) || key === '__proto__') return key;
        keys.add(key);
      }
      at = end;
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
    } else if (character === '}' || character === ']') {
      open.pop();
    }
    if (character === '{' || character === ',') expectsKey = true;
    if (character === ':') expectsKey = false;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
