import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { chooseNotifier } from '../../src/platform/notifier/choose.ts';
import { chooseTray } from '../../src/platform/tray/choose.ts';
import { memoryLog } from '../support/memory-platform.ts';

const nowhere = { log: silentLog, busAddress: 'unix:path=/nonexistent/counterfoil-test-bus' };

test('without a session bus notices go nowhere and nothing throws', async () => {
  const notifier = chooseNotifier('linux', nowhere);
  notifier.trust();
  await notifier.show({ id: 'appr_1', title: 'title', body: 'body', actions: [], urgency: 'normal' });
  await notifier.close('appr_1');
  expect(notifier.state()).toBe('absent');
  expect(notifier.hasActions).toBe(false);
  await notifier.stop();
});

test('without a session bus one quiet line says so, however many notices there are', async () => {
  const log = memoryLog();
  const notifier = chooseNotifier('linux', { ...nowhere, log });
  for (let index = 0; index < 5; index += 1)
    await notifier.show({ id: `appr_${index}`, title: 'title', body: 'body', actions: [], urgency: 'normal' });
  const tray = chooseTray('linux', { ...nowhere, log });
  await tray.stop();
  await notifier.stop();
  expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  expect(log.lines.filter(({ message }) => message.includes('notifications'))).toHaveLength(1);
});

test('without a session bus the tray stays quiet', async () => {
  const tray = chooseTray('linux', nowhere);
  tray.show({ vault: 'locked', paused: false, pendingCount: 3 });
  await tray.stop();
});

test('an address that is none is an absent bus', async () => {
  const notifier = chooseNotifier('linux', { log: silentLog, busAddress: 'nonsense' });
  await notifier.show({ id: 'appr_1', title: 'title', body: 'body', actions: [], urgency: 'normal' });
  expect(notifier.state()).toBe('absent');
  await notifier.stop();
});

test.each(['darwin', 'win32', 'plan9'])('%s has neither notices nor a tray outside Electron', async (platform) => {
  const notifier = chooseNotifier(platform, nowhere);
  const tray = chooseTray(platform, nowhere);
  tray.show({ vault: 'locked', paused: false, pendingCount: 0 });
  expect(notifier.state()).toBe('absent');
  await Promise.all([notifier.stop(), tray.stop()]);
});
