import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createDbusNotifier } from '../../src/platform/notifier/dbus.ts';
import type { Notice, NoticeEvent, Notifier } from '../../src/platform/notifier.ts';
import {
  type BusProgram,
  busItself,
  forgeClick,
  joinBus,
  type PrivateBus,
  type ScriptedDaemon,
  sendSignal,
  sendUnreadable,
  startBus,
  startScriptedDaemon,
} from './private-bus.ts';
import { until } from './screen.ts';

const notice: Notice = {
  id: 'appr_1',
  title: 'title',
  body: 'a <b>body</b>',
  actions: [
    { key: 'review', label: 'Review' },
    { key: 'deny', label: 'Deny' },
    { key: 'approve', label: 'Approve' },
  ],
  urgency: 'critical',
};

describe('whom the notifier listens to', () => {
  let bus: PrivateBus;
  let daemon: ScriptedDaemon;
  let other: BusProgram;
  let notifier: Notifier;
  let events: NoticeEvent[];

  beforeEach(async () => {
    bus = await startBus();
    daemon = await startScriptedDaemon(bus.address);
    other = await joinBus(bus.address);
    events = [];
    notifier = createDbusNotifier({ log: silentLog, busAddress: bus.address });
    notifier.onEvent((event) => events.push(event));
    await notifier.show(notice);
  });
  afterEach(async () => {
    await notifier.stop();
    other.stop();
    daemon.stop();
    await bus.stop();
  });

  /** What was heard so far: messages of one sender arrive in order, so a last one of the daemon comes after the rest. */
  const heard = async (): Promise<readonly NoticeEvent[]> => {
    daemon.click(101, 'default');
    await until('the last click', () => (events.at(-1)?.action === 'open' ? true : undefined));
    return events.slice(0, -1);
  };
  const state = (wanted: ReturnType<Notifier['state']>) => until(wanted, () => (notifier.state() === wanted ? true : undefined));
  const replaceDaemon = async (): Promise<void> => {
    daemon.stop();
    await state('absent');
    daemon = await startScriptedDaemon(bus.address);
    await state('changed');
  };

  test('the daemon that showed the notice is heard', async () => {
    expect(notifier.state()).toBe('ready');
    expect(notifier.hasActions).toBe(true);
    daemon.click(101, 'approve');
    daemon.click(101, 'deny');
    daemon.click(101, 'review');
    expect(await heard()).toEqual(['approve', 'deny', 'review'].map((action) => ({ id: 'appr_1', action })));
  });

  test('a forged click of another program is ignored, sent to everybody or to us alone (security rules 12, 29)', async () => {
    forgeClick(other, { id: 101, key: 'approve' });
    forgeClick(other, { id: 101, key: 'approve', to: daemon.client() });
    // The other program is answered by the bus after its signals were passed on.
    await other.call(busItself, 'GetId');
    expect(await heard()).toEqual([]);
  });

  test('a forged change of the owner is ignored (security rule 12)', async () => {
    const change = {
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'NameOwnerChanged',
      signature: 'sss',
    };
    const body = ['org.freedesktop.Notifications', daemon.program.name, other.name];
    sendSignal(other, { ...change, body, destination: daemon.client() });
    forgeClick(other, { id: 101, key: 'approve', to: daemon.client() });
    await other.call(busItself, 'GetId');
    expect(await heard()).toEqual([]);
    expect(notifier.state()).toBe('ready');
  });

  test('keys that were not offered and notices that are not ours are ignored (security rule 12)', async () => {
    daemon.click(101, 'Approve');
    daemon.click(101, 'approve-all');
    daemon.click(999, 'approve');
    expect(await heard()).toEqual([]);
  });

  test('after another daemon came nothing is decided until it is trusted (security rule 12)', async () => {
    await replaceDaemon();
    daemon.click(101, 'approve');
    await notifier.show(notice);
    daemon.click(101, 'approve');
    daemon.click(101, 'deny');
    daemon.click(101, 'review');
    expect(await heard()).toEqual([{ id: 'appr_1', action: 'review' }]);
    expect(notifier.state()).toBe('changed');
    notifier.trust();
    expect(notifier.state()).toBe('ready');
    events.length = 0;
    daemon.click(101, 'approve');
    expect(await heard()).toEqual([{ id: 'appr_1', action: 'approve' }]);
  });

  test('a daemon that came while none was there is not trusted before it is said so (security rule 12)', async () => {
    await replaceDaemon();
    await notifier.show({ ...notice, id: 'appr_2' });
    expect(notifier.state()).toBe('changed');
  });

  test('a trusted daemon does not answer for a notice that the one before it showed (security rule 12)', async () => {
    await replaceDaemon();
    notifier.trust();
    daemon.click(101, 'approve');
    await notifier.show({ ...notice, id: 'appr_2' });
    expect(events).toEqual([]);
  });

  test('a daemon that gave up its name is not heard any more (security rule 12)', async () => {
    const former = daemon;
    await former.program.bus.releaseName('org.freedesktop.Notifications');
    await state('absent');
    former.click(101, 'approve');
    daemon = await startScriptedDaemon(bus.address);
    await state('changed');
    notifier.trust();
    former.click(101, 'approve');
    await former.program.call(busItself, 'GetId');
    await notifier.show({ ...notice, id: 'appr_2' });
    former.stop();
    expect(events).toEqual([]);
  });

  test('the same id replaces the notice, closing takes it away, and a second close is silent', async () => {
    await notifier.show({ ...notice, title: 'again' });
    expect(daemon.shown.map((shown) => shown[1])).toEqual([0, 101]);
    expect(daemon.shown[1]?.[4]).toBe('a &lt;b&gt;body&lt;/b&gt;');
    await notifier.close('appr_1');
    await notifier.close('appr_1');
    expect(daemon.closed).toEqual([101]);
    forgeClick(daemon.program, { id: 101, key: 'approve' });
    await notifier.show({ ...notice, id: 'appr_2' });
    expect(events).toEqual([]);
  });

  test('two notices with one id at the same time are one notice', async () => {
    await Promise.all([notifier.show({ ...notice, id: 'appr_3' }), notifier.show({ ...notice, id: 'appr_3' })]);
    expect(daemon.shown.map((shown) => shown[1])).toEqual([0, 0, 102]);
  });

  test('when the bus goes notices go nowhere, and when it is back its daemon is not trusted (security rule 12)', async () => {
    const { address } = bus;
    await bus.stop();
    await state('absent');
    await notifier.show(notice);
    bus = await startBus(address);
    daemon = await startScriptedDaemon(bus.address);
    await notifier.show(notice);
    expect(daemon.shown).toHaveLength(1);
    expect(notifier.state()).toBe('changed');
  });

  test('a message that cannot be read is skipped', async () => {
    sendUnreadable(other, daemon.client());
    await other.call(busItself, 'GetId');
    daemon.click(101, 'deny');
    expect(await heard()).toEqual([{ id: 'appr_1', action: 'deny' }]);
  });
});
