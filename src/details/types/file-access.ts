import { composeType } from '../compose-type.ts';
import { words } from '../members.ts';
import { filePatterns, inWords } from '../path-patterns.ts';
import { capitalised, joinWords, plain, strong, wordsOf } from '../plain-lists.ts';

const uses = { list: 'list', read: 'read', write: 'write', delete: 'delete' } as const;

/** Files and folders at a provider of storage. */
export const fileAccess = composeType({
  type: 'app.counterfoil.file-access',
  title: 'Use files',
  about:
    'Lists, reads, writes or deletes files. In `paths` a `*` stands for one file or folder, and `**` at the end for everything below.',
  example: { actions: ['list', 'read'], paths: ['/statements/**'] },
  members: { actions: words('May', uses), paths: filePatterns('Files') },
  sentence({ actions, paths }) {
    return [strong(capitalised(wordsOf(uses, actions))), plain(' files: '), strong(joinWords(paths.map(inWords)))];
  },
  risk({ actions, paths }) {
    if (actions.includes('delete')) return { level: 'high', reasons: ['It can delete files.'] };
    if (actions.includes('write')) return { level: 'medium', reasons: ['It can change files.'] };
    // security: several patterns can mean everything, so what names no folder counts as wide
    const isWide = paths.some((path) => path.startsWith('/*'));
    return isWide && actions.includes('read')
      ? { level: 'medium', reasons: ['It may read almost every file there.'] }
      : { level: 'low', reasons: [] };
  },
});
