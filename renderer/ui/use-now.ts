import { useSyncExternalStore } from 'react';

/** One clock for everything drawn, so that five hundred countdowns cost one timer. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = Date.now();

function tick(): void {
  current = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  current = Date.now();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time now, in steps of `stepMs` milliseconds. Default one second; a list of dates wants a minute. */
export function useNow(stepMs = 1000): number {
  return useSyncExternalStore(subscribe, () => (stepMs <= 1000 ? current : current - (current % stepMs)));
}
