/** What the page gets of Electron: three functions of the contract, and nothing else. */
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron';
import { channels } from './channels.ts';

contextBridge.exposeInMainWorld('counterfoil', {
  begin: () => ipcRenderer.invoke(channels.begin),
  call: (session: string, operation: string, envelope: unknown) => ipcRenderer.invoke(channels.call, session, operation, envelope),
  onChange(listener: (notice: unknown) => void) {
    const pass = (_event: IpcRendererEvent, notice: unknown): void => listener(notice);
    ipcRenderer.on(channels.change, pass);
    return () => {
      ipcRenderer.off(channels.change, pass);
    };
  },
});
