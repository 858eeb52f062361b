import type { CardView } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { text } from './text.ts';

interface DecidedBarProps {
  readonly card: Pick<CardView, 'state' | 'withdrawn'>;
  /** The stub is tearing off: this is on screen for a moment only. */
  readonly torn: boolean;
  readonly onNext: () => void;
}

/** In place of the buttons when there is nothing left to decide. */
export function DecidedBar({ card, torn, onNext }: DecidedBarProps) {
  return (
    <footer className="sticky bottom-0 max-card:-bottom-6 flex min-h-16 flex-wrap items-center gap-3 border-t border-line bg-surface px-6 py-3">
      <p role="status" className="font-medium">
        {card.withdrawn === undefined ? text.ended[card.state] : text.withdrawn[card.withdrawn]}
      </p>
      {!torn && (
        <Button className="ms-auto" onClick={onNext}>
          {text.decide.next}
        </Button>
      )}
    </footer>
  );
}
