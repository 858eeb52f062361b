import type { Notifier } from '../notifier.ts';

/** For a machine without notifications: shows nothing and says so. */
export const noNotifier: Notifier = {
  hasActions: false,
  show: async () => {},
  close: async () => {},
  onEvent: () => () => {},
  state: () => 'absent',
  trust: () => {},
  stop: async () => {},
};
