import type { Notice, NoticeEvent, Notifier } from '../src/platform/notifier.ts';
import type { SystemNotice, SystemNoticeOptions } from './electron-api.ts';

export interface NotifierDeps {
  readonly isSupported: () => boolean;
  readonly create: (options: SystemNoticeOptions) => SystemNotice;
}

/** Notifications of macOS and Windows, where Electron draws buttons. On Linux the D-Bus notifier is used instead. */
export function createElectronNotifier({ isSupported, create }: NotifierDeps): Notifier {
  const shown = new Map<string, SystemNotice>();
  const listeners = new Set<(event: NoticeEvent) => void>();
  const tell = (event: NoticeEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };

  function close(id: string): void {
    shown.get(id)?.close();
    shown.delete(id);
  }

  function show(notice: Notice): void {
    close(notice.id);
    const made = create({
      title: notice.title,
      body: notice.body,
      actions: notice.actions.map(({ label }) => ({ type: 'button', text: label })),
      urgency: notice.urgency,
    });
    made.on('click', () => tell({ id: notice.id, action: 'open' }));
    made.on('action', (details, index) => {
      // security: rule 12 — only a button that we drew; any other index means nothing
      const action = notice.actions[details.actionIndex ?? index];
      if (action !== undefined) tell({ id: notice.id, action: action.key });
    });
    made.on('close', () => {
      if (shown.get(notice.id) === made) shown.delete(notice.id);
    });
    shown.set(notice.id, made);
    made.show();
  }

  return {
    hasActions: true,
    async show(notice) {
      if (isSupported()) show(notice);
    },
    async close(id) {
      close(id);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // The system delivers clicks to the process that showed the notice: there is no daemon that could change.
    state: () => (isSupported() ? 'ready' : 'absent'),
    trust: () => {},
    async stop() {
      for (const id of [...shown.keys()]) close(id);
      listeners.clear();
    },
  };
}
