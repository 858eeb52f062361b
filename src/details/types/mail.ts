import { composeType } from '../compose-type.ts';
import { names, words } from '../members.ts';
import { capitalised, joinWords, plain, strong, wordsOf } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

const uses = {
  list: 'see senders and subjects',
  read: 'read messages',
  draft: 'write drafts',
  send: 'send messages',
  move: 'move messages',
  delete: 'delete messages',
} as const;

/** A mailbox. */
export const mail = composeType({
  type: 'app.counterfoil.mail',
  title: 'Use your mail',
  about:
    'Reads, writes or sends mail; `folders` limits where, `recipients` limits to whom (an address, or `@domain` for all of one).',
  example: { actions: ['list', 'read'], folders: ['Inbox'] },
  members: {
    actions: words('May', uses),
  },
  optional: {
    folders: names({ label: 'Folders', any: 'all' }),
    recipients: names({
      label: 'May send to',
      any: 'anybody',
      each: shownText(254).refine(
        (text) => /^[^\s@"(),:;<>[\]\\]*@[^\s@"(),:;<>[\]\\]+$/.test(text),
        'is not an address or @domain',
      ),
      mono: true,
    }),
  },
  sentence({ actions, folders, recipients }) {
    return [
      strong(capitalised(wordsOf(uses, actions))),
      ...(folders ? [plain(' in '), strong(joinWords(folders))] : [plain(' in '), strong('all your mail')]),
      ...(actions.includes('send') ? [plain(', to '), strong(recipients ? joinWords(recipients) : 'anybody')] : []),
    ];
  },
  risk({ actions }) {
    const worst = (['delete', 'send'] as const).filter((use) => actions.includes(use)).map((use) => uses[use]);
    if (worst.length > 0) return { level: 'high', reasons: [`It can ${joinWords(worst)}.`] };
    const reads = actions.includes('read') || actions.includes('list');
    return {
      level: 'medium',
      reasons: [reads ? 'Mail holds codes and links that open other accounts.' : 'It can change your mail.'],
    };
  },
});
