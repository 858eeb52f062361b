import { Button } from './button.tsx';
import { text } from './text.ts';
import { useNow } from './use-now.ts';

/** What went wrong, in words a person can act on. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Until when trying again is refused. */
  readonly waitUntil?: number | undefined;
}

/** Seconds left to wait, 0 when none. */
export function useWait(problem: Problem | undefined): number {
  const now = useNow();
  return Math.max(0, Math.ceil(((problem?.waitUntil ?? 0) - now) / 1000));
}

/** A problem beside what caused it. Announced at once. */
export function ProblemNote({ problem, id }: { readonly problem: Problem; readonly id?: string }) {
  const wait = useWait(problem);
  return (
    <p id={id} role="alert" className="text-sm text-danger">
      {problem.message} {problem.hint}
      {wait > 0 && <span className="block text-ink-2">{text.waitSeconds(wait)}</span>}
    </p>
  );
}

interface ProblemPanelProps {
  readonly title: string;
  readonly problem: Problem;
  /** What is not touched by it. */
  readonly unaffected: string;
  readonly onRetry?: () => void;
}

/** A problem in place of a page: what happened, what is unaffected, what to do. */
export function ProblemPanel({ title, problem, unaffected, onRetry }: ProblemPanelProps) {
  return (
    <section role="alert" className="max-w-xl rounded-l border border-line bg-surface p-6">
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="mt-2">
        {problem.message} {problem.hint}
      </p>
      <p className="mt-1 text-ink-2">{unaffected}</p>
      {onRetry && (
        <Button className="mt-4" onClick={onRetry}>
          {text.tryAgain}
        </Button>
      )}
    </section>
  );
}
