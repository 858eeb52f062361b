import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Variant } from '@particle/dbus-next';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createStatusNotifierTray } from '../../src/platform/tray/status-notifier.ts';
import { type Tray, type TrayAction, type TrayState, trayActions } from '../../src/platform/tray.ts';
import { type BusProgram, type BusTarget, busItself, joinBus, type PrivateBus, startBus } from './private-bus.ts';
import { click, findColour, pressKeys, screenshot, until } from './screen.ts';

const calm: TrayState = { vault: 'unlocked', paused: false, pendingCount: 0 };
const ownName = `org.kde.StatusNotifierItem-${process.pid}-1`;
const watcher = 'org.kde.StatusNotifierWatcher';
const menu: BusTarget = [ownName, '/MenuBar', 'com.canonical.dbusmenu'];
const item: BusTarget = [ownName, '/StatusNotifierItem', 'org.kde.StatusNotifierItem'];
const itemProperties: BusTarget = [ownName, '/StatusNotifierItem', 'org.freedesktop.DBus.Properties'];

describe('the tray on a bus where anybody may call', () => {
  let bus: PrivateBus;
  let other: BusProgram;
  let tray: Tray;
  let actions: TrayAction[];

  beforeEach(async () => {
    bus = await startBus();
    other = await joinBus(bus.address);
    actions = [];
    tray = createStatusNotifierTray({ log: silentLog, busAddress: bus.address });
    tray.onAction((action) => actions.push(action));
    await until('the icon', async () => ((await hasOwner(other)) ? true : undefined));
  });
  afterEach(async () => {
    await tray.stop();
    other.stop();
    await bus.stop();
  });

  test('nothing but the actions of the menu comes out, whatever is called (security rule 29)', async () => {
    tray.show(calm);
    for (let id = -1; id <= 20; id += 1) {
      await other.call(menu, 'Event', 'isvu', id, 'clicked', new Variant('s', 'approve'), 0);
    }
    await other.call(item, 'Activate', 'ii', 0, 0);
    for (const member of ['Approve', 'Resume', 'Unlock', 'approve']) {
      await expect(other.call(item, member)).rejects.toMatchObject({
        type: 'org.freedesktop.DBus.Error.UnknownMethod',
      });
    }
    expect(actions).toEqual(['open', 'pause', 'lock', 'revoke-everything', 'open']);
    for (const action of actions) expect(trayActions).toContain(action);
  });

  test('arguments that do not fit are answered and do nothing', async () => {
    await other.call(menu, 'Event', 's', 'clicked');
    await other.call(menu, 'EventGroup', 'as', ['clicked']);
    await other.call(menu, 'GetLayout', 's', 'x');
    expect(actions).toEqual([]);
  });

  test('layout, properties and icon are what the specifications ask for', async () => {
    tray.show({ ...calm, pendingCount: 3 });
    const layout = await other.call(menu, 'GetLayout', 'iias', 0, -1, []);
    expect(JSON.stringify(layout)).toContain('3 requests are waiting');
    const [all] = (await other.call(itemProperties, 'GetAll', 's', item[2])) as [Record<string, Variant>];
    expect(all['Status']?.value).toBe('NeedsAttention');
    expect(
      (all['IconPixmap']?.value as readonly (readonly [number, number, Buffer])[]).map(([width, height, bytes]) => [
        width,
        height,
        bytes.length,
      ]),
    ).toEqual([
      [22, 22, 22 * 22 * 4],
      [44, 44, 44 * 44 * 4],
    ]);
  });

  test('a panel that comes later gets the icon, and so does the next one', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const registered: unknown[] = [];
      const panel = await joinBus(bus.address);
      panel.bus.addMethodHandler((message: { member: string; body: unknown[] }) => {
        if (message.member === 'RegisterStatusNotifierItem') registered.push(message.body[0]);
        return false;
      });
      await panel.bus.requestName(watcher, 4);
      expect(await until('the registration', () => registered[0])).toBe(ownName);
      panel.stop();
      await until('the end of the panel', async () => ((await hasOwner(other, watcher)) ? undefined : true));
    }
  });
});

describe.skipIf(!existsSync('/usr/bin/lxqt-panel'))('the tray in a panel', () => {
  let settings: string;
  let panel: ChildProcess;
  let tray: Tray;

  beforeEach(async () => {
    settings = await mkdtemp(join(tmpdir(), 'counterfoil-panel-'));
    await mkdir(join(settings, 'lxqt'));
    await writeFile(join(settings, 'lxqt', 'panel.conf'), panelSettings);
    panel = spawn('/usr/bin/lxqt-panel', [], { env: { ...process.env, XDG_CONFIG_HOME: settings }, stdio: 'ignore' });
    tray = createStatusNotifierTray({ log: silentLog });
  });
  afterEach(async () => {
    await tray.stop();
    const gone = new Promise((resolve) => panel.once('exit', resolve));
    panel.kill();
    await gone;
    await rm(settings, { recursive: true, force: true });
  });

  test('the icon shows the state, a click opens, and the menu does what it says', async () => {
    const actions: TrayAction[] = [];
    tray.onAction((action) => actions.push(action));
    tray.show({ ...calm, pendingCount: 2 });
    await until('the waiting icon', () => findColour('#BF6E00'));
    await screenshot('test/output/desktop/tray-waiting.png');
    tray.show(calm);
    const place = await until('the calm icon', () => findColour('#1E8454'));
    await click(place);
    expect(await until('a click', () => actions[0])).toBe('open');

    await click(place, 3);
    const lines = await until('the menu', () => findColour('#FFFFFF', 20_000));
    await screenshot('test/output/desktop/tray-menu.png');
    expect(lines.y).toBeLessThan(place.y);
    // "Open Counterfoil", "Pause all agents", "Lock": the keyboard passes over what is switched off.
    await pressKeys('Down', 'Down', 'Down', 'Return');
    expect(await until('a line of the menu', () => actions[1])).toBe('lock');
  });
});

async function hasOwner(program: BusProgram, name = ownName): Promise<boolean> {
  const [owned] = await program.call(busItself, 'NameHasOwner', 's', name);
  return owned === true;
}

const panelSettings = `[General]
panels=panel1
[panel1]
plugins=statusnotifier
position=Bottom
iconSize=22
panelSize=32
width=100
width-percent=true
desktop=0
[statusnotifier]
alignment=Right
type=statusnotifier
`;
