/** What to do for a key or a sequence such as `g i`. */
export type Bindings = Readonly<Record<string, () => void>>;

/** As much of a keyboard event as matters here. */
export interface KeyPress {
  readonly key: string;
  readonly repeat: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export interface KeyResult {
  /** The name of the binding to run. */
  readonly run?: string;
  /** First key of a sequence that has begun. */
  readonly pending?: string;
}

/**
 * Which binding a key press means. After the first key of a sequence only its second counts: `g a` goes to the agents
 * and never means `a`. Held keys and keys with a modifier mean nothing, so that a held `a` approves nothing.
 */
export function resolveKey(names: readonly string[], pending: string | undefined, press: KeyPress): KeyResult {
  if (press.repeat || press.ctrlKey || press.altKey || press.metaKey) return {};
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (pending !== undefined) {
    const sequence = `${pending} ${key}`;
    return names.includes(sequence) ? { run: sequence } : {};
  }
  if (names.some((name) => name.startsWith(`${key} `))) return { pending: key };
  return names.includes(key) ? { run: key } : {};
}

const writable = new Set(['text', 'search', 'password', 'email', 'number', 'tel', 'url', 'date']);

/** True where letters are typed: keys there are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (typeof HTMLElement === 'undefined' || !(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return writable.has(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
