import { Link } from '@tanstack/react-router';
import { Inbox, KeyRound, Lock, type LucideIcon, Pause, Play, Plug, ScrollText, Settings, Ticket } from 'lucide-react';
import type { ReactNode } from 'react';
import { toast } from 'sonner';
import type { Status } from '../../src/contract/shapes.ts';
import { useAct } from '../client.ts';
import { classNames } from '../ui/class-names.ts';
import { Kbd } from '../ui/kbd.tsx';
import { Mark } from '../ui/mark.tsx';
import { focusResume } from './paused-banner.tsx';
import { text } from './text.ts';

const item =
  'mb-0.5 flex w-full items-center rounded-s text-ink-2 hover:text-ink max-rail:flex-col max-rail:gap-0.5 max-rail:px-0.5 max-rail:py-1.5 max-rail:text-2xs rail:justify-between rail:px-2.5 rail:py-1.75';

interface RailLinkProps {
  readonly to: '/inbox' | '/grants' | '/agents' | '/connections' | '/audit' | '/settings';
  readonly icon: LucideIcon;
  readonly label: string;
  readonly children?: ReactNode;
}

function RailLink({ to, icon: Icon, label, children }: RailLinkProps) {
  return (
    <Link
      to={to}
      activeOptions={{ includeSearch: false }}
      className={item}
      activeProps={{ className: 'bg-surface font-medium text-ink! inset-ring inset-ring-line' }}
    >
      <Icon size={18} strokeWidth={1.7} aria-hidden="true" className="rail:hidden" />
      {label}
      {children}
    </Link>
  );
}

function Count({ value }: { readonly value: number }) {
  return value > 0 ? <span className="text-xs text-ink-3 max-rail:hidden">{value}</span> : null;
}

interface RailProps {
  readonly status: Status;
  readonly onShortcuts: () => void;
}

/** Where everything is, how much waits, and the three things that stop work: pause, lock, and their state. */
export function Rail({ status, onShortcuts }: RailProps) {
  const { pending, grants, agents, connections } = status.counts;
  return (
    <nav
      aria-label={text.navigation}
      className="flex flex-col overflow-y-auto border-e border-line bg-sunken px-1.5 py-4 rail:px-3"
    >
      <p className="flex items-center gap-2.25 px-2 pt-1 pb-5 font-semibold tracking-tight text-accent max-rail:justify-center max-rail:px-0">
        <Mark />
        <span className="max-rail:sr-only">{text.product}</span>
      </p>
      <RailLink to="/inbox" icon={Inbox} label={text.pages.inbox}>
        {pending > 0 && (
          <span className="rounded-m bg-accent px-1.75 text-2xs font-semibold text-accent-ink">
            {pending}
            <span className="sr-only"> {text.waiting(pending).split(' ')[1]}</span>
          </span>
        )}
      </RailLink>
      <RailLink to="/grants" icon={Ticket} label={text.pages.grants}>
        <Count value={grants} />
      </RailLink>
      <RailLink to="/agents" icon={KeyRound} label={text.pages.agents}>
        <Count value={agents} />
      </RailLink>
      <RailLink to="/connections" icon={Plug} label={text.pages.connections}>
        <Count value={connections} />
      </RailLink>
      <RailLink to="/audit" icon={ScrollText} label={text.pages.audit} />
      <div className="mt-auto pt-4">
        <RailLink to="/settings" icon={Settings} label={text.pages.settings} />
        <button type="button" onClick={onShortcuts} aria-keyshortcuts="?" className={classNames(item, 'max-rail:hidden')}>
          {text.shortcuts}
          <Kbd keys="?" />
        </button>
        <StopControls status={status} />
      </div>
    </nav>
  );
}

const quiet =
  'flex min-h-8.5 items-center justify-center gap-1.5 rounded-s border border-edge px-2 text-ink-2 hover:text-ink max-rail:min-h-11 max-rail:flex-col max-rail:gap-0.5 max-rail:px-0 max-rail:text-2xs';

function StopControls({ status }: { readonly status: Status }) {
  const lock = useAct('vault.lock');
  const pause = useAct('agents.pauseAll');
  const onPause = () => pause.act({}, { onDone: () => toast(text.pauseDone), onProblem: (problem) => toast(problem.message) });
  return (
    <>
      <div className="mt-2 mb-2 grid gap-1.5">
        <button type="button" className={quiet} onClick={status.paused ? focusResume : onPause}>
          <span className="rail:hidden" aria-hidden="true">
            {status.paused ? <Play size={16} strokeWidth={1.7} /> : <Pause size={16} strokeWidth={1.7} />}
          </span>
          <span className="max-rail:hidden">{status.paused ? text.resume : text.pause}</span>
          <span className="rail:hidden">{status.paused ? text.resumeShort : text.pauseShort}</span>
        </button>
        <button type="button" className={quiet} onClick={() => lock.act({})}>
          <Lock size={16} strokeWidth={1.7} aria-hidden="true" className="rail:hidden" />
          {text.lock}
        </button>
      </div>
      <p
        role="status"
        className="flex items-center gap-1.5 text-xs text-ink-3 max-rail:justify-center max-rail:text-center max-rail:text-2xs rail:px-2.5"
      >
        <span
          aria-hidden="true"
          className={classNames('size-1.75 shrink-0 rounded-full max-rail:hidden', status.paused ? 'bg-warn' : 'bg-accent')}
        />
        {status.paused ? text.paused : text.unlocked}
      </p>
    </>
  );
}
