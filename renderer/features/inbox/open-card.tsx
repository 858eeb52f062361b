import { useState } from 'react';
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

/**
 * Reads a card and draws it: anew for each version that waits for an answer, so that no draft outlives what it was about;
 * the same one once it is decided, so that the answer on its way back still finds it.
 */
export function OpenCard({ id, ...rest }: OpenCardProps) {
  const card = useRead('approvals.card', { id });
  const problem = problemOf(card.error);
  const [versions, setVersions] = useState<readonly number[]>([]);
  if (card.data?.state === 'pending' && versions.at(-1) !== card.data.version) setVersions([...versions, card.data.version]);
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
  return <Card key={versions.at(-1)} card={card.data} changed={versions.length > 1} {...rest} />;
}
