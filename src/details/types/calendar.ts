import { composeType } from '../compose-type.ts';
import { instant, names, words } from '../members.ts';
import { capitalised, joinWords, plain, strong, wordsOf } from '../plain-lists.ts';
import { invalid } from '../schema.ts';

const uses = {
  read_free_busy: 'see when you are busy',
  read_events: 'read events',
  create_events: 'add events',
  change_events: 'change events',
  delete_events: 'delete events',
} as const;

/** Calendars and the events in them. */
export const calendar = composeType({
  type: 'app.counterfoil.calendar',
  title: 'Use your calendars',
  about: 'Reads or changes events; `calendars` limits which, `from` and `until` limit when (whole seconds in UTC).',
  example: { actions: ['read_events'], calendars: ['Work'], from: '2026-11-23T00:00:00Z', until: '2026-11-30T00:00:00Z' },
  members: {
    actions: words('May', uses),
  },
  optional: {
    calendars: names({ label: 'Calendars', any: 'all' }),
    from: instant('Events from', 'earliest'),
    until: instant('Events until', 'latest'),
  },
  check({ from, until }) {
    if (from !== undefined && until !== undefined && from >= until) throw invalid(['until'], 'is not after from');
  },
  sentence({ actions, calendars, from, until }) {
    return [
      strong(capitalised(wordsOf(uses, actions))),
      plain(' in '),
      strong(calendars ? joinWords(calendars) : 'all your calendars'),
      ...(from === undefined ? [] : [plain(', from '), strong(inUtc(from))]),
      ...(until === undefined ? [] : [plain(from === undefined ? ', until ' : ' until '), strong(inUtc(until))]),
    ];
  },
  risk({ actions }) {
    const writes = actions.filter((use) => use !== 'read_free_busy' && use !== 'read_events').map((use) => uses[use]);
    if (writes.length === 0) return { level: 'low', reasons: [] };
    return { level: actions.includes('delete_events') ? 'high' : 'medium', reasons: [`It can ${joinWords(writes)}.`] };
  },
});

/** The window shows instants in the person's time beside this; a sentence has to be the same everywhere. */
function inUtc(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, instant.endsWith(':00Z') ? 16 : 19)} UTC`;
}
