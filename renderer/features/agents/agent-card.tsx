import type { AgentView } from '../../../src/contract/shapes.ts';
import { FactColumn } from '../../ui/fact.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Tag, type TagTone } from '../../ui/tag.tsx';
import { AgentActs } from './agent-acts.tsx';
import { text } from './text.ts';

const tones: Readonly<Record<AgentView['state'], TagTone>> = { pending: 'info', accepted: 'ok', suspended: 'warn' };

/** One agent: our name for it, its state, and what the system reported about its program. */
export function AgentCard({ agent }: { readonly agent: AgentView }) {
  return (
    <li className="grid gap-4 rounded-l border border-line bg-surface p-4 card:grid-cols-[1fr_minmax(14rem,20rem)]">
      <div>
        <div className="flex flex-wrap items-baseline gap-2">
          <h2 className="text-lg font-semibold">
            <AgentName agent={agent} />
          </h2>
          <Tag tone={tones[agent.state]}>{text.states[agent.state]}</Tag>
        </div>
        <p className="mt-0.5 text-sm text-ink-3">
          {text.registered} <RelativeTime at={agent.registeredAt} />
          {agent.acceptedAt !== undefined && (
            <>
              {' · '}
              {text.accepted} <RelativeTime at={agent.acceptedAt} />
            </>
          )}
          {' · '}
          {text.grants(agent.liveGrants)}
        </p>
        {agent.name !== undefined && agent.name !== agent.claimedName && (
          <p className="mt-0.5 text-sm text-ink-2 italic">
            <InertText text={text.alsoCalls(agent.claimedName)} fold={100} />
          </p>
        )}
        {agent.state === 'pending' && <p className="mt-1 text-sm text-ink-2">{text.pendingHint}</p>}
        <p className="mt-2 text-xs text-ink-3">
          {text.key} <span className="font-mono">{agent.keyThumbprint}</span>
        </p>
        <AgentActs agent={agent} />
      </div>
      <section className="border-line max-card:border-t max-card:pt-3 card:border-s card:ps-4">
        <h3 className="text-xs text-ink-3">{text.program}</h3>
        {agent.program.length > 0 ? (
          <FactColumn facts={agent.program} />
        ) : (
          <p className="mt-1 text-sm text-warn">{text.noProgram}</p>
        )}
      </section>
    </li>
  );
}

function AgentName({ agent }: { readonly agent: AgentView }) {
  if (agent.name !== undefined) return <InertText text={agent.name} fold={80} />;
  return (
    <span className="font-normal text-ink-2 italic">
      “<InertText text={agent.claimedName} fold={80} />”
    </span>
  );
}
