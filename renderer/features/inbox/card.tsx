import { useState } from 'react';
import { toast } from 'sonner';
import type { CardView } from '../../../src/contract/shapes.ts';
import { classNames } from '../../ui/class-names.ts';
import { inertString } from '../../ui/inert-text.ts';
import { CardBody } from './card-body.tsx';
import { DecidedBar } from './decided-bar.tsx';
import { DecisionBar } from './decision-bar.tsx';
import { draftOf } from './draft.ts';
import { NameField } from './name-field.tsx';
import { Stub } from './stub.tsx';
import { text } from './text.ts';
import { useDecision } from './use-decision.ts';
import { useInputGuard } from './use-input-guard.ts';
import { usePreview } from './use-preview.ts';

/** How long the stub takes to tear off. Milliseconds; nothing waits for it under reduced motion. */
const tearMs = 120;

interface CardProps {
  readonly card: CardView;
  /** It was another one a moment ago. */
  readonly changed: boolean;
  /** The request is answered or put off: on to the next. */
  readonly onDone: () => void;
  readonly onLater: () => void;
  readonly onOpenGrant: (grantId: string) => void;
}

/** One request as a cheque with a stub. */
export function Card({ card, changed, onDone, onLater, onOpenGrant }: CardProps) {
  const waiting = card.state === 'pending';
  const [draft, setDraft] = useState(() => draftOf(card));
  const [name, setName] = useState('');
  const [torn, setTorn] = useState(false);
  const preview = usePreview(card.id, draft.narrowing, waiting);
  const guard = useInputGuard(`${card.id} ${card.version}`);
  const agentName = card.agent.isNew ? name.trim() : undefined;
  const shownName = inertString(agentName ?? card.agent.name);
  const decision = useDecision({
    card,
    guard,
    answer: { narrowing: draft.narrowing, agentName, grantedDigest: preview.current ? preview.view?.grantedDigest : undefined },
    onApproved(grantId) {
      toast(text.decide.approved(shownName), { action: { label: text.decide.seeGrant, onClick: () => onOpenGrant(grantId) } });
      setTorn(true);
      setTimeout(onDone, tearMs);
    },
    onDenied() {
      toast(text.decide.denied(shownName));
      onDone();
    },
  });
  return (
    <article
      aria-labelledby="ask"
      className="rounded-l border border-line bg-surface shadow-card card:grid card:max-h-full card:min-h-0 card:grid-cols-[176px_1fr] card:grid-rows-[minmax(0,1fr)] card:self-start card:overflow-hidden"
    >
      <div className={classNames('grid min-h-0', torn && 'tearing')}>
        <Stub card={card} />
      </div>
      <div className="flex min-h-0 min-w-0 flex-col">
        <div className="min-h-0 px-6 pt-6 max-card:px-4 max-card:pt-4 card:overflow-y-auto">
          {changed && waiting && <Changed />}
          <CardBody
            card={card}
            preview={preview}
            naming={card.agent.isNew && waiting && <NameField agent={card.agent} value={name} onChange={setName} />}
            draft={draft}
            onChange={setDraft}
          />
        </div>
        {waiting ? (
          <DecisionBar
            decision={decision}
            presence={card.presence}
            ready={guard.open && preview.current && draft.invalid.length === 0}
            missing={agentName === '' ? text.name.missing : undefined}
            onLater={onLater}
          />
        ) : (
          <DecidedBar card={card} torn={torn} onNext={onDone} />
        )}
      </div>
    </article>
  );
}

function Changed() {
  return (
    <p role="status" className="mb-3 text-sm font-medium text-warn">
      {text.decide.changed}
    </p>
  );
}
