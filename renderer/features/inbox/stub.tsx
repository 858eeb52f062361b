import type { CardView } from '../../../src/contract/shapes.ts';
import { FactColumn } from '../../ui/fact.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { Countdown } from '../../ui/relative-time.tsx';
import { RiskTag, Tag } from '../../ui/tag.tsx';
import { absolute, duration } from '../../ui/time.ts';
import { useNow } from '../../ui/use-now.ts';
import { text } from './text.ts';

/** The first letters of up to two words, for the badge. */
function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}

/** The stub of the cheque: what is known of who asks, apart from what it claims. */
export function Stub({ card }: { readonly card: CardView }) {
  const { agent } = card;
  return (
    <aside
      aria-label={text.stub.label}
      className="relative flex min-h-0 flex-col border-dashed border-line-strong bg-stub max-card:border-b-2 card:border-e-2 card:perforated"
    >
      <div className="px-4 py-5 card:overflow-y-auto card:py-6">
        <div className="flex gap-3 card:block">
          <div
            aria-hidden="true"
            className="mb-2.5 grid size-10 shrink-0 place-items-center rounded-m bg-accent-soft font-semibold text-accent"
          >
            {initials(agent.name) || '?'}
          </div>
          <div>
            {agent.isNew && <p className="text-xs text-ink-3">{text.stub.callsItself}</p>}
            <p className={agent.isNew ? 'text-ink-2 italic' : 'text-lg font-semibold'}>
              {agent.isNew && '“'}
              <InertText text={agent.name} fold={80} />
              {agent.isNew && '”'}
            </p>
            <Acquaintance agent={agent} />
          </div>
        </div>
        <div className="mt-2 flex flex-wrap gap-1.5">
          <RiskTag risk={card.risk} />
          {agent.isNew && <Tag tone="warn">{text.newAgent}</Tag>}
        </div>
        {agent.resemblesAnother && <p className="mt-2 text-sm font-medium text-danger">{text.stub.resembles}</p>}
        {card.program.length > 0 ? (
          <FactColumn facts={card.program} />
        ) : (
          <p className="mt-3 text-sm text-warn">{text.stub.noFacts}</p>
        )}
        {card.state === 'pending' && (
          <p className="mt-4 text-xs text-ink-3">
            {text.expiresIn} <Countdown until={card.expiresAt} />
          </p>
        )}
      </div>
    </aside>
  );
}

function Acquaintance({ agent }: { readonly agent: CardView['agent'] }) {
  const now = useNow(60_000);
  if (agent.isNew || agent.acceptedAt === undefined) return <p className="text-xs text-ink-3">{text.stub.isNew}</p>;
  const known = now - agent.acceptedAt;
  return (
    <p className="text-xs text-ink-3" title={absolute(agent.acceptedAt)}>
      {text.stub.known(known < 86_400_000 ? text.stub.acceptedToday : duration(known), text.stub.calls(agent.callCount))}
    </p>
  );
}
