import { absolute, ago, countdown } from './time.ts';
import { useNow } from './use-now.ts';

/** How long ago, with the whole instant on hover. */
export function RelativeTime({ at }: { readonly at: number }) {
  const now = useNow(10_000);
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {ago(at, now)}
    </time>
  );
}

/** Time left, second by second. Silent for screen readers: the page says it once in words. */
export function Countdown({ until }: { readonly until: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(until).toISOString()} title={absolute(until)}>
      {countdown(until - now)}
    </time>
  );
}
