import { Variant } from '@particle/dbus-next';
import type { BusAnswer, BusMessage } from '../dbus/open-bus.ts';
import type { TrayAction, TrayState } from '../tray.ts';
import { drawIcon, markFor } from './draw-icon.ts';
import { type MenuItem, menuFor, stateLine } from './menu.ts';

export const itemPath = '/StatusNotifierItem';
export const itemInterface = 'org.kde.StatusNotifierItem';
export const menuPath = '/MenuBar';
export const menuInterface = 'com.canonical.dbusmenu';
const propertiesInterface = 'org.freedesktop.DBus.Properties';

/** An answer to a call, and what the person wants if the call was a click. */
export interface Answered {
  readonly answer: BusAnswer;
  readonly actions: readonly TrayAction[];
}

/** What the answers are made from. The revision counts the changes of the menu. */
export interface TrayModel {
  readonly state: TrayState;
  readonly revision: number;
}

type Properties = Readonly<Record<string, Variant>>;

/**
 * Answers a call to the icon or its menu; `undefined` when it is not for them.
 *
 * Any program of this user may call, with any arguments: nothing but an action that the menu offers now comes out
 * (security rule 29).
 */
export function answerCall(call: BusMessage, model: TrayModel): Answered | undefined {
  if (call.interface === propertiesInterface) return answerProperties(call, model);
  if (call.path === itemPath && call.interface === itemInterface) return answerItem(call, model);
  if (call.path === menuPath && call.interface === menuInterface) return answerMenu(call, model);
  return undefined;
}

function answerItem(call: BusMessage, { state }: TrayModel): Answered | undefined {
  switch (call.member) {
    case 'Activate':
      return { ...done, actions: [state.pendingCount > 0 ? 'open-oldest' : 'open'] };
    case 'SecondaryActivate':
      return { ...done, actions: ['open'] };
    case 'ContextMenu':
    case 'Scroll':
    case 'ProvideXdgActivationToken':
      return done;
    default:
      return undefined;
  }
}

function answerMenu(call: BusMessage, model: TrayModel): Answered | undefined {
  const items = menuFor(model.state);
  switch (call.member) {
    case 'GetLayout':
      return said('u(ia{sv}av)', [model.revision, layout(items, call.body[0])]);
    case 'GetGroupProperties':
      return said('a(ia{sv})', [wanted(items, call.body[0]).map((item) => [item.id, itemProperties(item)])]);
    case 'GetProperty':
      return answerItemProperty(items, call.body);
    case 'Event':
      return { ...done, actions: clicked(items, [call.body]) };
    case 'EventGroup':
      return { ...said('ai', [[]]), actions: clicked(items, listOf(call.body[0])) };
    case 'AboutToShow':
      return said('b', [false]);
    case 'AboutToShowGroup':
      return said('aiai', [[], []]);
    default:
      return undefined;
  }
}

/** At most one action comes out of one call, whatever it lists. */
function clicked(items: readonly MenuItem[], events: readonly unknown[]): readonly TrayAction[] {
  for (const event of events) {
    const [id, type] = listOf(event);
    if (type !== 'clicked') continue;
    const item = items.find((one) => one.id === id);
    // security: rule 29
    if (item?.kind === 'line' && item.enabled && item.action !== undefined) return [item.action];
  }
  return [];
}

function layout(items: readonly MenuItem[], parent: unknown): readonly unknown[] {
  if (parent !== 0) return [typeof parent === 'number' ? parent : 0, {}, []];
  const children = items.map((item) => new Variant('(ia{sv}av)', [item.id, itemProperties(item), []]));
  return [0, { 'children-display': new Variant('s', 'submenu') }, children];
}

function itemProperties(item: MenuItem): Properties {
  if (item.kind === 'separator') return { type: new Variant('s', 'separator') };
  return { label: new Variant('s', item.label), enabled: new Variant('b', item.enabled) };
}

function answerItemProperty(items: readonly MenuItem[], [id, name]: readonly unknown[]): Answered {
  const item = items.find((one) => one.id === id);
  const value = item === undefined || typeof name !== 'string' ? undefined : own(itemProperties(item), name);
  return value === undefined ? unknownProperty : said('v', [value]);
}

function wanted(items: readonly MenuItem[], ids: unknown): readonly MenuItem[] {
  const list = listOf(ids);
  return list.length === 0 ? items : items.filter((item) => list.includes(item.id));
}

function answerProperties(call: BusMessage, model: TrayModel): Answered | undefined {
  const properties = propertiesOf(call, model);
  if (properties === undefined) return undefined;
  const name = call.body[1];
  switch (call.member) {
    case 'GetAll':
      return said('a{sv}', [properties]);
    case 'Get': {
      const value = typeof name === 'string' ? own(properties, name) : undefined;
      return value === undefined ? unknownProperty : said('v', [value]);
    }
    case 'Set':
      return { answer: { error: 'org.freedesktop.DBus.Error.PropertyReadOnly', text: 'This is read-only.' }, actions: [] };
    default:
      return undefined;
  }
}

function propertiesOf({ path, body }: BusMessage, { state }: TrayModel): Properties | undefined {
  if (path === itemPath && body[0] === itemInterface) return iconProperties(state);
  if (path === menuPath && body[0] === menuInterface) return menuProperties;
  return undefined;
}

const menuProperties: Properties = {
  Version: new Variant('u', 3),
  TextDirection: new Variant('s', 'ltr'),
  Status: new Variant('s', 'normal'),
  IconThemePath: new Variant('as', []),
};

function iconProperties(state: TrayState): Properties {
  const pixmaps = [22, 44].map((size) => [size, size, drawIcon(size, markFor(state))]);
  return {
    Category: new Variant('s', 'ApplicationStatus'),
    Id: new Variant('s', 'counterfoil'),
    Title: new Variant('s', 'Counterfoil'),
    Status: new Variant('s', statusOf(state)),
    WindowId: new Variant('i', 0),
    IconName: new Variant('s', ''),
    IconPixmap: new Variant('a(iiay)', pixmaps),
    OverlayIconName: new Variant('s', ''),
    OverlayIconPixmap: new Variant('a(iiay)', []),
    AttentionIconName: new Variant('s', ''),
    AttentionIconPixmap: new Variant('a(iiay)', pixmaps),
    AttentionMovieName: new Variant('s', ''),
    ToolTip: new Variant('(sa(iiay)ss)', ['', [], 'Counterfoil', stateLine(state)]),
    ItemIsMenu: new Variant('b', false),
    Menu: new Variant('o', menuPath),
  };
}

/** How urgently the panel should show the icon. */
export function statusOf(state: TrayState): 'Active' | 'NeedsAttention' {
  return state.pendingCount > 0 && state.vault === 'unlocked' ? 'NeedsAttention' : 'Active';
}

const done: Answered = { answer: { signature: '', body: [] }, actions: [] };
const unknownProperty: Answered = {
  answer: { error: 'org.freedesktop.DBus.Error.UnknownProperty', text: 'There is no such property.' },
  actions: [],
};

function said(signature: string, body: readonly unknown[]): Answered {
  return { answer: { signature, body }, actions: [] };
}

function own(properties: Properties, name: string): Variant | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
