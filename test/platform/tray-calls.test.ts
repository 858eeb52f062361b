import { Variant } from '@particle/dbus-next';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BusMessage } from '../../src/platform/dbus/open-bus.ts';
import { answerCall, itemInterface, itemPath, menuInterface, menuPath } from '../../src/platform/tray/answer-call.ts';
import { menuFor, stateLine } from '../../src/platform/tray/menu.ts';
import { type TrayState, trayActions } from '../../src/platform/tray.ts';

const calm: TrayState = { vault: 'unlocked', paused: false, pendingCount: 0 };
const waiting: TrayState = { ...calm, pendingCount: 2 };
const model = (state: TrayState) => ({ state, revision: 7 });

type Target = readonly [path: string, iface: string];

function call([path, iface]: Target, member: string, ...body: readonly unknown[]): BusMessage {
  return { sender: ':1.9', path, interface: iface, member, signature: '', body };
}
const item: Target = [itemPath, itemInterface];
const itemProperties: Target = [itemPath, 'org.freedesktop.DBus.Properties'];
const toMenu = (member: string, ...body: readonly unknown[]) => call([menuPath, menuInterface], member, ...body);
const click = (id: unknown) => toMenu('Event', id, 'clicked', new Variant('s', ''), 0);
const idOf = (state: TrayState, action: string) =>
  menuFor(state).find((item) => item.kind === 'line' && item.action === action)?.id;

describe('the tray menu', () => {
  test('offers opening, pausing and locking; quitting only where no program can choose it; and neither approves nor resumes (security rule 29)', () => {
    const actionsOf = (isOurs: boolean) =>
      menuFor(waiting, isOurs).flatMap((item) => (item.kind === 'line' && item.action !== undefined ? [item.action] : []));
    expect(actionsOf(true).toSorted()).toEqual([...trayActions].toSorted());
    expect(actionsOf(false)).toEqual(['open-oldest', 'open', 'pause', 'lock', 'revoke-everything']);
    const labels = menuFor({ ...waiting, paused: true }).map((item) => (item.kind === 'line' ? item.label : ''));
    expect(labels.join(' ')).not.toMatch(/approve|allow|resume|accept|unlock/i);
  });

  test.each([
    [calm, 'Nothing is waiting'],
    [{ ...calm, pendingCount: 1 }, '1 request is waiting'],
    [{ vault: 'locked', paused: true, pendingCount: 3 }, 'Locked, 3 requests are waiting, agents are paused'],
    [{ vault: 'absent', paused: false, pendingCount: 0 }, 'Not set up yet'],
  ] as const)('says the state in words: %j', (state, words) => {
    expect(stateLine(state)).toBe(words);
    expect(menuFor(state)[0]).toMatchObject({ label: words, enabled: false });
  });

  test.each(trayActions.filter((action) => action !== 'quit'))('a click on "%s" is that action', (action) => {
    expect(answerCall(click(idOf(waiting, action)), model(waiting))?.actions).toEqual([action]);
  });

  test('a line that is switched off does nothing when it is clicked all the same', () => {
    expect(answerCall(click(idOf(calm, 'open-oldest')), model(calm))?.actions).toEqual([]);
    expect(answerCall(click(1), model(calm))?.actions).toEqual([]);
    const locked: TrayState = { ...calm, vault: 'locked', paused: true };
    expect(answerCall(click(idOf(locked, 'lock')), model(locked))?.actions).toEqual([]);
    expect(answerCall(click(idOf(locked, 'pause')), model(locked))?.actions).toEqual([]);
  });

  test('only the event "clicked" is a click', () => {
    const hover = toMenu('Event', idOf(calm, 'lock'), 'hovered', new Variant('s', ''), 0);
    expect(answerCall(hover, model(calm))?.actions).toEqual([]);
  });

  test('a group of clicks is one action', () => {
    const group = toMenu('EventGroup', [
      [99, 'clicked', new Variant('s', ''), 0],
      [idOf(calm, 'lock'), 'clicked', new Variant('s', ''), 0],
      [idOf(calm, 'open'), 'clicked', new Variant('s', ''), 0],
    ]);
    expect(answerCall(group, model(calm))?.actions).toEqual(['lock']);
  });

  test('its layout lists every line with its words', () => {
    const answered = answerCall(toMenu('GetLayout', 0, -1, []), model(waiting));
    expect(answered?.answer).toMatchObject({ signature: 'u(ia{sv}av)' });
    const text = JSON.stringify(answered?.answer);
    expect(text).toContain('2 requests are waiting');
    expect(text).toContain('Revoke everything');
  });
});

describe('the tray icon', () => {
  test('opens the oldest request when one waits, else the window', () => {
    const activate = call(item, 'Activate', 0, 0);
    expect(answerCall(activate, model(waiting))?.actions).toEqual(['open-oldest']);
    expect(answerCall(activate, model(calm))?.actions).toEqual(['open']);
  });

  test('has its properties, one by one and together, and none can be set', () => {
    const all = answerCall(call(itemProperties, 'GetAll', itemInterface), model(waiting));
    expect(JSON.stringify(all?.answer)).toContain('NeedsAttention');
    expect(answerCall(call(itemProperties, 'Get', itemInterface, 'Id'), model(calm))?.answer).toMatchObject({
      signature: 'v',
    });
    const unknown = answerCall(call(itemProperties, 'Get', itemInterface, 'constructor'), model(calm));
    expect(unknown?.answer).toMatchObject({ error: 'org.freedesktop.DBus.Error.UnknownProperty' });
    const set = answerCall(call(itemProperties, 'Set', itemInterface, 'Status', new Variant('s', 'Passive')), model(calm));
    expect(set?.answer).toMatchObject({ error: 'org.freedesktop.DBus.Error.PropertyReadOnly' });
  });
});

test('whatever any program calls, only an action of the list comes out, one at most (security rule 29)', () => {
  const members = ['Event', 'EventGroup', 'Activate', 'SecondaryActivate', 'ContextMenu', 'Scroll', 'GetLayout', 'Get', 'Approve'];
  const value = fc.oneof(fc.integer({ min: -2, max: 12 }), fc.constantFrom('clicked', 'approve', '__proto__'), fc.anything());
  fc.assert(
    fc.property(
      fc.tuple(
        fc.constantFrom(itemPath, menuPath, '/', '/Approve'),
        fc.constantFrom(itemInterface, menuInterface, 'org.freedesktop.DBus.Properties', 'com.example.Approve'),
        fc.constantFrom(...members),
        fc.array(fc.oneof(value, fc.array(fc.array(value)))),
      ),
      ([path, iface, member, body]) => {
        const actions = answerCall(call([path, iface], member, ...body), model(waiting))?.actions ?? [];
        expect(actions.length).toBeLessThanOrEqual(1);
        for (const action of actions) expect(trayActions).toContain(action);
      },
    ),
    { numRuns: 500 },
  );
});
