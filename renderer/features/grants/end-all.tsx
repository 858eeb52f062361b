import type { GrantView } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { text } from './text.ts';
import { useRevoke } from './use-revoke.ts';

interface EndAllProps {
  /** Those in force. */
  readonly grants: readonly GrantView[];
  readonly onAnswered: () => void;
}

/** Asks whether every grant shall end. */
export function EndAll({ grants, onAnswered }: EndAllProps) {
  const revoke = useRevoke();
  const count = grants.length;
  return (
    <div className="mb-4" role="group" aria-label={text.endAll.question(count)}>
      <Notice tone="warn">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <p className="min-w-60 flex-1">
            <strong className="font-semibold">{text.endAll.question(count)}</strong> {count > 0 && text.endAll.meaning}
          </p>
          {count > 0 && (
            <Button look="link" onClick={onAnswered}>
              {text.endAll.keep}
            </Button>
          )}
          <Button onClick={() => (count === 0 ? onAnswered() : revoke(grants, onAnswered))}>{text.endAll.end(count)}</Button>
        </div>
      </Notice>
    </div>
  );
}
