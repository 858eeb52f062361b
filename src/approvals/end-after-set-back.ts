import type { Audit } from '../audit/audit.ts';
import type { SteadyClock } from '../base/steady-clock.ts';
import type { Grants } from '../grants/grants.ts';
import type { Approvals } from './approvals.ts';

export interface SetBackDeps {
  readonly approvals: Pick<Approvals, 'expireDue' | 'listPending' | 'cancel'>;
  readonly grants: Pick<Grants, 'endExpired' | 'list' | 'end'>;
  readonly audit: Audit;
}

/**
 * When the machine's clock was set back: ends every grant and withdraws every waiting request, whose ends were instants of the time
 * before, and only then follows the clock. How far it went is known, how long the program was not there to see it is not, so
 * nothing is moved instead. Until this has run, the steady clock goes on as before and nothing is late.
 */
export function endAfterSetBack(clock: SteadyClock, { approvals, grants, audit }: SetBackDeps): void {
  const setBackBy = clock.setBackBy();
  if (setBackBy === 0) return;
  // What is over by the time before stays over.
  approvals.expireDue();
  grants.endExpired();
  const live = grants.list({ live: true });
  for (const { id } of live) grants.end(id, 'expired');
  for (const { id } of approvals.listPending()) approvals.cancel(id);
  clock.follow();
  audit.record({
    event: 'clock.set_back',
    outcome: 'ok',
    facts: { seconds: Math.round(setBackBy / 1000), grants: live.length },
  });
}
