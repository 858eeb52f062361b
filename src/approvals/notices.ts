import type { Clock } from '../base/clock.ts';
import { type ApprovalId, asId } from '../base/ids.ts';
import type { Notice, NoticeAction, NoticeEvent, Notifier } from '../platform/notifier.ts';
import type { Approval, Card } from './approvals.ts';
import { plainText } from './plain-text.ts';
import { programName } from './program-facts.ts';
import { sentenceText } from './sentence.ts';

export interface NoticesDeps {
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly listPending: () => readonly Approval[];
  readonly card: (approval: Approval) => Card;
  /** True when rule 12 lets this request be approved from its notice. */
  readonly mayApprove: (approval: Approval) => boolean;
  readonly onApprove: (id: ApprovalId, cardVersion: number) => void;
  readonly onDeny: (id: ApprovalId) => void;
  readonly onOpen: (id: ApprovalId) => void;
}

const digestId = 'waiting-requests';
const maxVisible = 3;
const digestPauseMs = 10_000;

/** What a notice said when it was shown: only that may be approved by it. */
interface Shown {
  readonly cardVersion: number;
  readonly offersApprove: boolean;
}

/** Keeps the desktop's notices in step with the waiting requests: at most three, and one digest for the rest. */
export class Notices {
  readonly #deps: NoticesDeps;
  readonly #shown = new Map<ApprovalId, Shown>();
  #digestCount = 0;
  #digestPaused: (() => void) | undefined;
  readonly #unsubscribe: () => void;

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.notifier.onEvent((event) => this.#onEvent(event));
  }

  /** Shows what should be visible and takes away the rest. With `again`, shows everything anew. */
  refresh(again = false): void {
    const pending = fairOrder(this.#deps.listPending());
    const wanted = pending.slice(0, maxVisible);
    const ids = new Set(wanted.map((approval) => approval.id));
    if (again) this.#shown.clear();
    for (const id of [...this.#shown.keys()]) if (!ids.has(id)) this.#close(id);
    for (const approval of wanted) if (!this.#shown.has(approval.id)) this.#show(approval);
    this.#digest(pending.length - wanted.length);
  }

  stop(): void {
    this.#unsubscribe();
    this.#digestPaused?.();
    for (const id of [...this.#shown.keys()]) this.#close(id);
    this.#digest(0);
  }

  #show(approval: Approval): void {
    const card = this.#deps.card(approval);
    const offersApprove = this.#deps.mayApprove(approval);
    this.#shown.set(approval.id, { cardVersion: card.version, offersApprove });
    void this.#deps.notifier.show(noticeOf(approval, card, offersApprove));
  }

  #close(id: ApprovalId): void {
    this.#shown.delete(id);
    void this.#deps.notifier.close(id);
  }

  #digest(count: number): void {
    if (count === this.#digestCount) return;
    const before = this.#digestCount;
    if (count === 0) {
      this.#digestCount = 0;
      void this.#deps.notifier.close(digestId);
      return;
    }
    // A storm makes one notice now and then, not one for each request.
    if (before > 0 && this.#digestPaused) return;
    this.#digestCount = count;
    this.#digestPaused?.();
    this.#digestPaused = this.#deps.clock.after(digestPauseMs, () => {
      this.#digestPaused = undefined;
      this.refresh();
    });
    void this.#deps.notifier.show(digestNotice(count));
  }

  #onEvent(event: NoticeEvent): void {
    if (event.id === digestId) {
      const [oldest] = this.#deps.listPending();
      if (oldest && event.action !== 'deny') this.#deps.onOpen(oldest.id);
      return;
    }
    const id = asId<ApprovalId>(event.id);
    const shown = this.#shown.get(id);
    if (!shown) return;
    // security: rule 12, only the exact key approves, and only where it was offered
    if (event.action === 'approve' && shown.offersApprove) this.#deps.onApprove(id, shown.cardVersion);
    else if (event.action === 'deny') this.#deps.onDeny(id);
    else this.#deps.onOpen(id);
  }
}

const review: NoticeAction = { key: 'review', label: 'Review' };
const deny: NoticeAction = { key: 'deny', label: 'Deny' };
const approve: NoticeAction = { key: 'approve', label: 'Approve for 15 minutes' };

function noticeOf(approval: Approval, card: Card, offersApprove: boolean): Notice {
  const onlyOnce = card.lifetimes[0] === 'once' && card.lifetimes.length === 1;
  const howLong = onlyOnce ? 'once, within 5 minutes' : 'for as long as you choose';
  return {
    id: approval.id,
    title: sentenceText(card.sentence),
    body: [programName(approval.evidence), plainText(card.resourceName, 60), offersApprove ? 'for 15 minutes' : howLong].join(
      ' · ',
    ),
    actions: offersApprove ? [approve, review, deny] : [review, deny],
    urgency: approval.risk === 'high' ? 'critical' : 'normal',
  };
}

function digestNotice(count: number): Notice {
  return {
    id: digestId,
    title: count === 1 ? 'One more request is waiting' : `${count} more requests are waiting`,
    body: 'Open Counterfoil to answer them.',
    actions: [review],
    urgency: 'normal',
  };
}

/** Each agent's oldest first, then each agent's second: one that asks a lot does not push another's question out. */
function fairOrder(pending: readonly Approval[]): readonly Approval[] {
  const turns = new Map<string, number>();
  const ranked = pending.map((approval) => {
    const turn = turns.get(approval.agentId) ?? 0;
    turns.set(approval.agentId, turn + 1);
    return { approval, turn };
  });
  return ranked.toSorted((a, b) => a.turn - b.turn || a.approval.createdAt - b.approval.createdAt).map((entry) => entry.approval);
}
