import type { Tray } from '../tray.ts';

/** For a machine without a tray. */
export const noTray: Tray = {
  show: () => {},
  onAction: () => () => {},
  stop: async () => {},
};
