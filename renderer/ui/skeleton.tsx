import { text } from './text.ts';
import { useDelayed } from './use-delayed.ts';

/** Grey lines where something will stand, after 150 ms. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  const passed = useDelayed();
  if (!passed) return null;
  return (
    <div role="status" className="grid gap-3">
      <span className="sr-only">{text.loading}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} aria-hidden="true" className="h-11 rounded-m bg-sunken" />
      ))}
    </div>
  );
}
