/**
 * A program of this user on the session bus: it clicks in the icon's menu, calls whatever it finds there, forges what the
 * notification daemon says, takes the daemon's place, and repeats what the daemon said. The person has turned on approving
 * on the notification, and the request that waits is one that offers it.
 */
import process from 'node:process';
import { Variant } from '@particle/dbus-next';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BusProgram,
  busItself,
  forgeClick,
  joinBus,
  type PrivateBus,
  type ScriptedDaemon,
  sendSignal,
  startBus,
  startScriptedDaemon,
} from '../desktop/private-bus.ts';
import { until } from '../desktop/screen.ts';
import { passphrase, Victim } from './support/victim.ts';

let bus: PrivateBus;
let daemon: ScriptedDaemon;
let attacker: BusProgram;
let victim: Victim;

beforeAll(async () => {
  bus = await startBus(undefined, { bare: true });
  daemon = await startScriptedDaemon(bus.address);
  attacker = await joinBus(bus.address);
  victim = await Victim.begin({ bus: bus.address });
  await victim.page.call('settings.change', { approveLowRiskOnNotification: true }, passphrase);
  await until('a notice that offers to approve', () => (offersApprove() ? true : undefined));
});
afterAll(async () => {
  await victim.remove();
  attacker.stop();
  daemon.stop();
  await bus.stop();
});

const offersApprove = (): boolean => (daemon.shown.at(-1)?.[5] as readonly string[] | undefined)?.includes('approve') ?? false;
const ids = Array.from({ length: 140 }, (_, id) => id);
const icon = (): string => `org.kde.StatusNotifierItem-${victim.shell.child.pid}-1`;

/** Everything that was sent to the shell before this has been heard by it: it answers calls in their order. */
async function settled(): Promise<void> {
  await attacker.call([icon(), '/StatusNotifierItem', 'org.kde.StatusNotifierItem'], 'Scroll', 'is', 0, 'vertical');
}

describe('the notification daemon (security rules 12, 29)', () => {
  test('a click that another program forges approves nothing, whatever id and key it names', async () => {
    for (const id of ids) {
      forgeClick(attacker, { id, key: 'approve' });
      forgeClick(attacker, { id, key: 'approve', to: daemon.client() });
    }
    await settled();
    await victim.assertNothingApproved();
  });

  test('keys that are nearly right approve nothing, also from the daemon itself', async () => {
    for (const id of ids) {
      for (const key of ['Approve', 'approve ', 'approve\0', 'APPROVE', 'approve-all', 'allow', 'yes', '1', '']) {
        if (!key.includes('\0')) daemon.click(id, key);
      }
    }
    await daemon.program.call(busItself, 'GetId');
    await settled();
    await victim.assertNothingApproved();
  });

  test('a program that says the name has a new owner is not believed', async () => {
    const change = { path: busItself[1], interface: busItself[2], member: 'NameOwnerChanged', signature: 'sss' };
    const body = ['org.freedesktop.Notifications', daemon.program.name, attacker.name];
    sendSignal(attacker, { ...change, body, destination: daemon.client() });
    for (const id of ids) forgeClick(attacker, { id, key: 'approve', to: daemon.client() });
    await settled();
    await victim.assertNothingApproved();
  });

  test('a daemon that takes the place of the first approves nothing, with the notices of the first and with its own', async () => {
    daemon.stop();
    daemon = await startScriptedDaemon(bus.address);
    await until('the change', async () =>
      (await victim.page.call('status.get', {})).notifications === 'changed' ? true : undefined,
    );
    for (const id of ids) daemon.click(id, 'approve');
    await victim.page.call('settings.change', { approveLowRiskOnNotification: true }, passphrase);
    for (const id of ids) daemon.click(id, 'approve');
    await daemon.program.call(busItself, 'GetId');
    await settled();
    await victim.assertNothingApproved();
  });
});

describe('the objects of the shell on the bus (security rule 29)', () => {
  test('every line of the menu is clicked but those that end or lower, and every method tried: nothing is approved', async () => {
    const menu = [icon(), '/MenuBar', 'com.canonical.dbusmenu'] as const;
    const item = [icon(), '/StatusNotifierItem', 'org.kde.StatusNotifierItem'] as const;
    // 6 and 7 pause and lock: a program of this user may do that, and it is tried at the end.
    for (const id of [-1, 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 99]) {
      for (const event of ['clicked', 'approve', 'opened', 'hovered']) {
        await attacker.call(menu, 'Event', 'isvu', id, event, new Variant('s', 'approve'), 0);
      }
    }
    for (const member of ['Approve', 'Resume', 'Unlock', 'Call', 'approve']) {
      for (const target of [menu, item]) await expect(attacker.call(target, member)).rejects.toThrow();
    }
    for (const path of ['/', '/org/counterfoil', '/Counterfoil', '/MenuBar/6']) {
      await expect(attacker.call([icon(), path, 'org.counterfoil'], 'Approve')).rejects.toThrow();
    }
    await settled();
    await victim.assertNothingApproved();
  });

  test('what the objects tell names no request, no account and no secret', async () => {
    const said = JSON.stringify([
      await attacker.call([icon(), '/MenuBar', 'com.canonical.dbusmenu'], 'GetLayout', 'iias', 0, -1, []),
      await attacker.call(
        [icon(), '/StatusNotifierItem', 'org.freedesktop.DBus.Properties'],
        'GetAll',
        's',
        'org.kde.StatusNotifierItem',
      ),
    ]);
    const { pending } = await victim.page.call('approvals.list', {});
    expect(said).toContain('1 request is waiting');
    for (const word of [pending[0]?.id ?? '', 'Planner', passphrase]) expect(said).not.toContain(word);
  });
});

test('after the next unlock the daemon that is there is trusted again: this stays possible, and its click approves what was offered', async () => {
  await victim.page.call('vault.lock', {});
  const before = daemon.shown.length;
  await victim.page.call('vault.unlock', {}, passphrase);
  await until('the notice', () => (daemon.shown.length > before && offersApprove() ? true : undefined));
  for (const id of ids) daemon.click(id, 'approve');
  await until('the approval', async () => ((await victim.page.call('grants.list', {})).grants.length === 2 ? true : undefined));
  const { entries } = await victim.page.call('audit.list', { search: 'approval.granted', limit: 1 });
  expect(JSON.stringify(entries)).toContain('none (notification)');
  expect(process.pid).not.toBe(victim.shell.child.pid);
});

test('any program can pause and lock by the menu, and neither revoke nor quit (security rule 29)', async () => {
  const live = async () => (await victim.page.call('grants.list', {})).grants.filter((grant) => grant.live).length;
  const before = await live();
  expect(before).toBeGreaterThan(0);
  for (const id of [8, 10, 6, 7]) {
    await attacker.call([icon(), '/MenuBar', 'com.canonical.dbusmenu'], 'Event', 'isvu', id, 'clicked', new Variant('s', ''), 0);
  }
  await settled();
  expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'locked', paused: true });
  expect(await live()).toBe(before);
});
