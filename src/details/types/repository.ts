import { composeType } from '../compose-type.ts';
import type { Risk } from '../details.ts';
import { names, words } from '../members.ts';
import { capitalised, joinWords, plain, strong, wordsOf } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

const uses = {
  read_code: 'read code',
  write_code: 'change code',
  read_issues: 'read issues',
  write_issues: 'write issues',
  read_pull_requests: 'read pull requests',
  write_pull_requests: 'write pull requests',
  merge_pull_requests: 'merge pull requests',
  delete_refs: 'delete branches and tags',
} as const;
type Use = keyof typeof uses;

const risks: Readonly<Record<Use, Risk>> = {
  read_code: 'low',
  read_issues: 'low',
  read_pull_requests: 'low',
  write_issues: 'medium',
  write_pull_requests: 'medium',
  write_code: 'medium',
  merge_pull_requests: 'high',
  delete_refs: 'high',
};

/** Repositories at a code host. */
export const repository = composeType({
  type: 'app.counterfoil.repository',
  title: 'Use repositories',
  about: 'Reads or changes repositories named `owner/name`; `refs` limits it to branches and tags such as `heads/main`.',
  example: { actions: ['read_code', 'read_issues'], repositories: ['acme/api'] },
  members: {
    actions: words('May', uses),
    repositories: names({
      label: 'Repositories',
      each: shownText(140).refine((text) => /^[\w.-]+\/[\w.-]+$/.test(text), 'is not a repository like acme/api'),
      mono: true,
    }),
  },
  optional: {
    refs: names({
      label: 'Branches and tags',
      any: 'all',
      each: shownText(200).refine(
        (text) => /^(?:heads|tags)\/[^\s*?[\\^~:]+$/.test(text),
        'is not a branch or tag like heads/main',
      ),
      mono: true,
    }),
  },
  sentence({ actions, repositories, refs }) {
    return [
      strong(capitalised(wordsOf(uses, actions))),
      plain(' in '),
      strong(joinWords(repositories)),
      ...(refs ? [plain(', only '), strong(joinWords(refs))] : []),
    ];
  },
  risk({ actions }) {
    const level = (['high', 'medium'] as const).find((one) => actions.some((action) => risks[action] === one)) ?? 'low';
    if (level === 'low') return { level, reasons: [] };
    return {
      level,
      reasons: [`It can ${joinWords(actions.filter((action) => risks[action] === level).map((action) => uses[action]))}.`],
    };
  },
});
