import { expect, test } from 'vitest';
import { openCore } from './open-core.ts';

test('a program that keeps asking for what needs the person fills neither the log nor the disk (security rule 29)', async () => {
  const open = await openCore();
  try {
    const { session } = open.core.api.beginSession('socket');
    for (let index = 0; index < 500; index += 1) {
      const answer = await open.core.api.call(session, 'agents.resumeAll', { input: '{}' });
      expect(answer).toMatchObject({ ok: false, refusal: { code: 'presence_required' } });
    }
    expect(open.core.audit.list({ search: 'presence.refused', limit: 200 })).toHaveLength(20);
  } finally {
    await open.close();
  }
});
