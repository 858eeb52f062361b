import { Variant } from '@particle/dbus-next';
import type { Notice, NoticeAction, NoticeEvent, Notifier } from '../notifier.ts';
import { escapeMarkup, inertText } from './inert-text.ts';

const urgencyBytes = { normal: 1, critical: 2 } as const;
/** The key that a daemon sends for a click on the body. */
const bodyKey = 'default';
/** It stays until we take it away: an answer is owed, and whoever asked closes it. */
const neverExpires = 0;

export interface DaemonFacts {
  /** The daemon's id of the notice that is replaced, or 0. */
  readonly replaces: number;
  readonly capabilities: ReadonlySet<string>;
}

/** The arguments of `Notify`, signature `susssasa{sv}i`. */
export function notifyArguments(notice: Notice, { replaces, capabilities }: DaemonFacts): readonly unknown[] {
  const title = inertText(notice.title, { longest: 120, lines: false });
  const body = inertText(notice.body, { longest: 600, lines: true });
  const actions = notice.actions.flatMap(({ key, label }) => [key, inertText(label, { longest: 40, lines: false })]);
  return [
    'Counterfoil',
    replaces,
    '',
    title,
    // security: the body quotes what an agent wrote
    capabilities.has('body-markup') ? escapeMarkup(body) : body,
    capabilities.has('actions') ? [bodyKey, 'Open', ...actions] : [],
    {
      urgency: new Variant('y', urgencyBytes[notice.urgency]),
      category: new Variant('s', 'counterfoil.approval'),
      'desktop-entry': new Variant('s', 'counterfoil'),
    },
    neverExpires,
  ];
}

/** The same notice once more, without actions, expiring at once. */
export function expiringArguments(notice: Notice, replaces: number): readonly unknown[] {
  const withoutActions = notifyArguments({ ...notice, actions: [] }, { replaces, capabilities: new Set() });
  return [...withoutActions.slice(0, -1), 1];
}

/**
 * What a daemon's key means for this notice; `undefined` for a key that was not offered.
 * From a daemon that is not the trusted one, only what opens the window.
 */
export function eventFor(notice: Notice, key: unknown, state: ReturnType<Notifier['state']>): NoticeEvent | undefined {
  if (key === bodyKey) return { id: notice.id, action: 'open' };
  const offered: NoticeAction | undefined = notice.actions.find((action) => action.key === key);
  if (offered === undefined) return undefined;
  // security: rule 12. Nothing is decided through a daemon that came after the last unlock.
  if (state !== 'ready' && offered.key !== 'review') return undefined;
  return { id: notice.id, action: offered.key };
}
