/** The real Electron behind `electron-api.ts`. Nothing is decided here; with the preload script it is all that loads Electron. */
import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, Notification, nativeImage, session, shell, Tray } from 'electron';
import type { ElectronParts, SystemTray, TrayEntry, TrayIcon } from './electron-api.ts';
import { uiPartition, windowOptions } from './window.ts';

export interface RealElectronOptions {
  readonly preload: string;
  /** Folder of the tray's pictures. */
  readonly icons: string;
}

export function realElectron({ preload, icons }: RealElectronOptions): ElectronParts {
  return {
    app,
    ipc: ipcMain,
    isNoticeSupported: () => Notification.isSupported(),
    createNotice: (options) => new Notification(options),
    createTray: () => createTray((name) => nativeImage.createFromPath(join(icons, `tray-${name}.png`))),
    createWindow: () => new BrowserWindow(windowOptions(preload)),
    openExternal: (url) => shell.openExternal(url),
    showError: (title, text) => dialog.showErrorBox(title, text),
    uiSession: () => session.fromPartition(uiPartition),
  };
}

function createTray(pictureOf: (name: TrayIcon) => Electron.NativeImage): SystemTray {
  const tray = new Tray(pictureOf('locked'));
  return {
    setToolTip: (text) => tray.setToolTip(text),
    setIcon: (name) => tray.setImage(pictureOf(name)),
    setMenu: (entries) => tray.setContextMenu(Menu.buildFromTemplate(entries.map(templateFor))),
    onClick: (listener) => void tray.on('click', listener),
    destroy: () => tray.destroy(),
  };
}

function templateFor(entry: TrayEntry): Electron.MenuItemConstructorOptions {
  if (entry.kind === 'separator') return { type: 'separator' };
  const { label, enabled, click } = entry;
  return { label, enabled, ...(click === undefined ? {} : { click }) };
}
