import { useEffect, useEffectEvent } from 'react';
import { type Bindings, isTyping, resolveKey } from './keys.ts';

/** How long the second key of a sequence may take. Milliseconds. */
const sequenceMs = 1200;

interface Registered {
  readonly names: readonly string[];
  readonly run: (name: string) => void;
}

/** One listener for the whole page: the first key of a sequence must be known to everybody who has bindings. */
const registered: Registered[] = [];
let pending: { readonly key: string; readonly at: number } | undefined;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || isTyping(event.target) || document.querySelector('[role="dialog"]')) return;
  if (event.key === 'Shift') return;
  const begun = pending && event.timeStamp - pending.at < sequenceMs ? pending.key : undefined;
  pending = undefined;
  const result = resolveKey(
    registered.flatMap((entry) => entry.names),
    begun,
    event,
  );
  if (result.pending !== undefined) pending = { key: result.pending, at: event.timeStamp };
  if (result.run === undefined) return;
  event.preventDefault();
  registered.findLast((entry) => entry.names.includes(result.run ?? ''))?.run(result.run);
}

function register(entry: Registered): () => void {
  if (registered.length === 0) document.addEventListener('keydown', onKeyDown);
  registered.push(entry);
  return () => {
    registered.splice(registered.indexOf(entry), 1);
    if (registered.length === 0) document.removeEventListener('keydown', onKeyDown);
  };
}

/** Gives keys a meaning while the component is there. The last one to ask for a key has it. */
export function useKeys(bindings: Bindings): void {
  const run = useEffectEvent((name: string) => bindings[name]?.());
  const names = Object.keys(bindings).join('\n');
  useEffect(() => register({ names: names === '' ? [] : names.split('\n'), run: (name) => run(name) }), [names]);
}
