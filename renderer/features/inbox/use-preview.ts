import { useEffect, useState } from 'react';
import type { NarrowingInput, PreviewView } from '../../../src/contract/shapes.ts';
import { problemOf, useRead } from '../../client.ts';
import type { Problem } from '../../ui/problem.tsx';

/** How long typing must rest before the core is asked. Milliseconds. */
const restMs = 200;

export interface Preview {
  /** The newest answer of the core; of an earlier draft while `current` is false. */
  readonly view: PreviewView | undefined;
  /** True when `view` is about exactly this draft: only then can it be approved. */
  readonly current: boolean;
  readonly problem: Problem | undefined;
}

/** What an answer would mean, asked of the core as the person narrows. */
export function usePreview(id: string, narrowing: NarrowingInput, enabled: boolean): Preview {
  const [rested, setRested] = useState(narrowing);
  useEffect(() => {
    const timer = setTimeout(() => setRested(narrowing), restMs);
    return () => clearTimeout(timer);
  }, [narrowing]);
  const preview = useRead('approvals.preview', { id, narrowing: rested }, { enabled, keepPrevious: true });
  const current = rested === narrowing && preview.isSuccess && !preview.isPlaceholderData;
  return { view: preview.data, current, problem: rested === narrowing ? problemOf(preview.error) : undefined };
}
