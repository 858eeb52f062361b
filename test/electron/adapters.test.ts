import { describe, expect, it } from 'vitest';
import { createElectronBrowser } from '../../electron/browser.ts';
import type { SystemNoticeOptions, SystemTray, TrayEntry } from '../../electron/electron-api.ts';
import { createElectronNotifier } from '../../electron/notifier.ts';
import { createElectronTray } from '../../electron/tray.ts';
import type { Notice, NoticeEvent } from '../../src/platform/notifier.ts';

const notice: Notice = {
  id: 'apr_1',
  title: 'Backup wants to read',
  body: 'Accounts',
  actions: [
    { key: 'review', label: 'Review' },
    { key: 'deny', label: 'Deny' },
  ],
  urgency: 'normal',
};

class NoticeDouble {
  readonly options: SystemNoticeOptions;
  readonly done: string[] = [];
  readonly listeners = new Map<string, (...values: unknown[]) => void>();
  constructor(options: SystemNoticeOptions) {
    this.options = options;
  }
  show(): void {
    this.done.push('show');
  }
  close(): void {
    this.done.push('close');
  }
  on(event: string, listener: (...values: never[]) => void): void {
    this.listeners.set(event, listener as (...values: unknown[]) => void);
  }
}

describe('notifications of macOS and Windows', () => {
  const setUp = (isSupported = true) => {
    const made: NoticeDouble[] = [];
    const events: NoticeEvent[] = [];
    const notifier = createElectronNotifier({
      isSupported: () => isSupported,
      create(options) {
        made.push(new NoticeDouble(options));
        return made.at(-1) as NoticeDouble;
      },
    });
    notifier.onEvent((event) => events.push(event));
    return { made, events, notifier };
  };

  it('show the notice with its buttons and tell which was pressed', async () => {
    const { made, events, notifier } = setUp();
    await notifier.show(notice);
    expect(made[0]?.options.actions.map(({ text }) => text)).toEqual(['Review', 'Deny']);
    made[0]?.listeners.get('action')?.({ actionIndex: 1 }, 0);
    made[0]?.listeners.get('click')?.();
    expect(events).toEqual([
      { id: 'apr_1', action: 'deny' },
      { id: 'apr_1', action: 'open' },
    ]);
  });

  it('take no button that was not drawn (security rule 12)', async () => {
    const { made, events, notifier } = setUp();
    await notifier.show(notice);
    for (const index of [2, -1, Number.NaN, 99]) made[0]?.listeners.get('action')?.({}, index);
    expect(events).toEqual([]);
  });

  it('replace a notice with the same id, and take it away', async () => {
    const { made, notifier } = setUp();
    await notifier.show(notice);
    await notifier.show(notice);
    expect(made[0]?.done).toEqual(['show', 'close']);
    made[0]?.listeners.get('close')?.();
    await notifier.close('apr_1');
    expect(made[1]?.done).toEqual(['show', 'close']);
    await notifier.close('apr_1');
    await notifier.stop();
  });

  it('are absent where the system has none, and say so', async () => {
    const { made, notifier } = setUp(false);
    await notifier.show(notice);
    expect(made).toEqual([]);
    expect(notifier.state()).toBe('absent');
  });
});

describe('the tray of macOS and Windows', () => {
  it('may only open, pause, lock, and quit, because no program can choose there (security rule 29)', async () => {
    let menu: readonly TrayEntry[] = [];
    let click = (): void => {};
    const done: string[] = [];
    const double: SystemTray = {
      setToolTip: (text) => done.push(text),
      setIcon: (name) => done.push(name),
      setMenu: (entries) => {
        menu = entries;
      },
      onClick: (listener) => {
        click = listener;
      },
      destroy: () => done.push('destroyed'),
    };
    const actions: string[] = [];
    const tray = createElectronTray(() => double);
    tray.onAction((action) => actions.push(action));
    tray.show({ vault: 'unlocked', paused: false, pendingCount: 2 });
    expect(done).toEqual(['waiting-2', 'Counterfoil: 2 requests are waiting']);
    for (const entry of menu) if (entry.kind === 'line') entry.click?.();
    click();
    expect(actions).toEqual(['open-oldest', 'open', 'pause', 'lock', 'revoke-everything', 'quit', 'open']);
    tray.show({ vault: 'locked', paused: true, pendingCount: 0 });
    expect(done.slice(2)).toEqual(['locked', 'Counterfoil: Locked, agents are paused']);
    const off = menu.flatMap((entry) => (entry.kind === 'line' && !entry.enabled ? [entry.label] : []));
    expect(off).toEqual(['Locked, agents are paused', 'Open the oldest request', 'Pause all agents', 'Lock']);
    tray.show({ vault: 'unlocked', paused: false, pendingCount: 12 });
    expect(done.at(-2)).toBe('waiting-9-plus');
    await tray.stop();
    expect(done.at(-1)).toBe('destroyed');
  });
});

describe('opening pages', () => {
  const opened: string[] = [];
  const pages: (string | undefined)[] = [];
  const browser = createElectronBrowser({
    openExternal: async (url) => {
      opened.push(url);
    },
    openWindow: async (page) => {
      pages.push(page);
    },
  });

  it('opens our own in the window and a sign-in page in the browser', async () => {
    expect(await browser.openWindow('http://cf-abc.localhost/#open=apr_1')).toBe(true);
    expect(await browser.openLink('https://login.example/authorize?x=1')).toBe(true);
    expect(await browser.openLink('http://127.0.0.1:7420/authorize')).toBe(true);
    expect(pages).toEqual(['open=apr_1']);
    expect(opened).toHaveLength(2);
  });

  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://login.example/',
    'ms-settings:',
    'smb://host/x',
    'http://127.0.0.1.evil.example/',
    'nonsense',
  ])('refuses %s', async (url) => {
    await expect(browser.openLink(url)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
