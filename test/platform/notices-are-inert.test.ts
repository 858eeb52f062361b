import { describe, expect, test } from 'vitest';
import { eventFor, notifyArguments } from '../../src/platform/notifier/dbus-notice.ts';
import { escapeMarkup, inertText } from '../../src/platform/notifier/inert-text.ts';
import { noNotifier } from '../../src/platform/notifier/none.ts';
import type { Notice } from '../../src/platform/notifier.ts';

const notice: Notice = {
  id: 'appr_1',
  title: 'A <b>title</b>',
  body: '"pay" <a href="https://evil.example">now</a> & here',
  actions: [
    { key: 'review', label: 'Review' },
    { key: 'deny', label: 'Deny' },
  ],
  urgency: 'critical',
};
const withApprove: Notice = { ...notice, actions: [...notice.actions, { key: 'approve', label: 'Approve' }] };
const facts = (...capabilities: readonly string[]) => ({ replaces: 0, capabilities: new Set(capabilities) });

describe('text on a notice', () => {
  test('loses control characters, direction marks and invisible characters', () => {
    const hostile = 'a\u0000b\u001b[31mc\u202Ed\u2066e\u200Ff\uFEFFg\u{E0041}h\u0085i';
    expect(inertText(hostile, { longest: 100, lines: true })).toBe('ab[31mcdefghi');
  });

  test('keeps letters of any script, and the parts of a joined emoji', () => {
    const text = 'نامه 👩💻 Grüße 日本';
    expect(inertText(text, { longest: 100, lines: false })).toBe(text);
    expect(inertText('👩\u200d💻', { longest: 100, lines: false })).toBe('👩💻');
  });

  test('keeps lines only where lines are wanted', () => {
    expect(inertText('a\r\nb\u2028c', { longest: 100, lines: true })).toBe('a\nb\nc');
    expect(inertText('a\r\nb\u2028c', { longest: 100, lines: false })).toBe('a b c');
  });

  test('is cut between characters and says so', () => {
    expect(inertText('👍👍👍👍', { longest: 3, lines: false })).toBe('👍👍…');
  });

  test('survives half a character', () => {
    expect(inertText('a\uD800b', { longest: 10, lines: false })).toBe('a\uFFFDb');
  });

  test('is escaped where the daemon reads markup', () => {
    expect(escapeMarkup(notice.body)).toBe(
      '&quot;pay&quot; &lt;a href=&quot;https://evil.example&quot;&gt;now&lt;/a&gt; &amp; here',
    );
    expect(notifyArguments(notice, facts('body-markup'))[4]).toBe(escapeMarkup(notice.body));
  });

  test('is left as it stands where the daemon reads none', () => {
    expect(notifyArguments(notice, facts('body'))[4]).toBe(notice.body);
  });
});

describe('actions on a notice', () => {
  test('are offered only to a daemon that draws them, and the body never approves', () => {
    expect(notifyArguments(notice, facts())[5]).toEqual([]);
    expect(notifyArguments(notice, facts('actions'))[5]).toEqual(['default', 'Open', 'review', 'Review', 'deny', 'Deny']);
    expect(eventFor(withApprove, 'default', 'ready')).toEqual({ id: 'appr_1', action: 'open' });
  });

  test.each(['Approve', 'approve ', '0', '', 'constructor', undefined, 1, ['approve']])(
    'a key that was not offered is nothing: %j (security rule 12)',
    (key) => {
      expect(eventFor(withApprove, key, 'ready')).toBeUndefined();
    },
  );

  test('approve counts only where it was offered (security rule 12)', () => {
    expect(eventFor(notice, 'approve', 'ready')).toBeUndefined();
    expect(eventFor(withApprove, 'approve', 'ready')).toEqual({ id: 'appr_1', action: 'approve' });
  });

  test.each(['changed', 'absent'] as const)('a daemon that is %s only opens the window (security rule 12)', (state) => {
    expect(eventFor(withApprove, 'approve', state)).toBeUndefined();
    expect(eventFor(withApprove, 'deny', state)).toBeUndefined();
    expect(eventFor(withApprove, 'review', state)).toEqual({ id: 'appr_1', action: 'review' });
    expect(eventFor(withApprove, 'default', state)).toEqual({ id: 'appr_1', action: 'open' });
  });
});

test('a machine without notifications is a state, not an error', async () => {
  await noNotifier.show(notice);
  await noNotifier.close(notice.id);
  noNotifier.trust();
  expect(noNotifier.state()).toBe('absent');
  expect(noNotifier.hasActions).toBe(false);
  await noNotifier.stop();
});
