import { problemOf, useRead } from '../../client.ts';
import { ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { Card } from './card.tsx';
import { text } from './text.ts';

interface OpenCardProps {
  readonly id: string;
  readonly onDone: () => void;
  readonly onLater: () => void;
  readonly onOpenGrant: (grantId: string) => void;
}

/** Reads a card and draws it. */
export function OpenCard({ id, ...rest }: OpenCardProps) {
  const card = useRead('approvals.card', { id });
  const problem = problemOf(card.error);
  if (problem && !card.data) {
    return (
      <ProblemPanel
        title={text.cardProblem.title}
        problem={problem}
        unaffected={text.cardProblem.unaffected}
        onRetry={() => void card.refetch()}
      />
    );
  }
  if (!card.data) return <Skeleton lines={6} />;
  return <Card key={`${card.data.id} ${card.data.version}`} card={card.data} {...rest} />;
}
