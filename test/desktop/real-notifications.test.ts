import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createDbusNotifier } from '../../src/platform/notifier/dbus.ts';
import type { Notice, NoticeEvent, Notifier } from '../../src/platform/notifier.ts';
import { type BusProgram, busItself, joinBus } from './private-bus.ts';
import { click, clickNoticeButton, findNotice, screenshot, until, untilNoNotice, untilNotice } from './screen.ts';

const notice: Notice = {
  id: 'appr_1',
  title: 'planner wants to pay 12.40 EUR to Bakery Müller',
  body: 'As you, until 14:30. The program says: "<b>hello</b> & thanks"',
  actions: [
    { key: 'review', label: 'Review' },
    { key: 'deny', label: 'Deny' },
  ],
  urgency: 'critical',
};

let notifier: Notifier;
let events: NoticeEvent[];
let session: BusProgram;

beforeEach(async () => {
  const address = process.env['DBUS_SESSION_BUS_ADDRESS'];
  if (address === undefined) throw new Error('run this by test/desktop/with-desktop.sh');
  session = await joinBus(address);
  events = [];
  notifier = createDbusNotifier({ log: silentLog });
  notifier.onEvent((event) => events.push(event));
});
afterEach(async () => {
  await notifier.close(notice.id);
  await untilNoNotice();
  await notifier.stop();
  session.stop();
});

const oneEvent = () => until('a click', () => events[0]);

test('a notice is drawn with its buttons, and a click on one is that action', async () => {
  await notifier.show(notice);
  expect(notifier.state()).toBe('ready');
  expect(notifier.hasActions).toBe(true);
  await untilNotice();
  await screenshot('test/output/desktop/notice.png');
  await clickNoticeButton(0);
  expect(await oneEvent()).toEqual({ id: 'appr_1', action: 'review' });
});

test('the last button is the last action', async () => {
  await notifier.show({ ...notice, actions: [...notice.actions, { key: 'approve', label: 'Approve' }] });
  await clickNoticeButton(2);
  expect(await oneEvent()).toEqual({ id: 'appr_1', action: 'approve' });
});

test('a click on the body opens and never approves (security rule 12)', async () => {
  await notifier.show({ ...notice, actions: [{ key: 'approve', label: 'Approve' }] });
  const { x, y, width } = await untilNotice();
  await click({ x: x + width / 2, y: y + 40 });
  expect(await oneEvent()).toEqual({ id: 'appr_1', action: 'open' });
});

test('a notice that is taken away is gone', async () => {
  await notifier.show(notice);
  await untilNotice();
  await notifier.close(notice.id);
  await untilNoNotice();
  expect(await findNotice()).toBeUndefined();
});

test('when the daemon is started anew, it is not trusted until it is said so (security rule 12)', async () => {
  await notifier.show(notice);
  await untilNotice();
  await restartDaemon();
  await until('the change', () => (notifier.state() === 'changed' ? true : undefined));
  await notifier.show({ ...notice, actions: [{ key: 'approve', label: 'Approve' }] });
  await clickNoticeButton(0);
  await untilNoNotice();
  expect(events).toEqual([]);
  notifier.trust();
  expect(notifier.state()).toBe('ready');
  await notifier.show(notice);
  await clickNoticeButton(1);
  expect(await oneEvent()).toEqual({ id: 'appr_1', action: 'deny' });
});

/** Ends the daemon of the desktop and leaves a new one in its place, which ends with the bus. */
async function restartDaemon(): Promise<void> {
  const name = 'org.freedesktop.Notifications';
  const [pid] = await session.call(busItself, 'GetConnectionUnixProcessID', 's', name);
  process.kill(Number(pid));
  const hasOwner = async () => (await session.call(busItself, 'NameHasOwner', 's', name))[0] === true;
  await until('the end of the daemon', async () => ((await hasOwner()) ? undefined : true));
  const daemon = spawn('/usr/lib/notification-daemon/notification-daemon', { stdio: 'ignore', detached: true });
  daemon.unref();
  await until('a new daemon', async () => ((await hasOwner()) ? true : undefined));
}
