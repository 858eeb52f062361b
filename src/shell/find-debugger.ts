/** How this process was started. */
export interface StartedProcess {
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
  /** Address of an open inspector (`inspector.url()`). */
  readonly inspectorUrl: string | undefined;
  /** False where signals cannot open the inspector: in Electron with its fuse, and on Windows. */
  readonly signalOpensInspector: boolean;
}

const debuggerFlag = /^--(inspect|debug)(-[a-z-]+)?(=|$)/;
const hookFlag = /^(-r|--require|--import|--loader|--experimental-loader)(=|$)/;

/**
 * Why this process may not hold secrets, or `undefined`: another program could read its memory or run code in it
 * (security rule 19).
 */
export function findDebugger(started: StartedProcess): string | undefined {
  const flag = started.execArgv.find((argument) => debuggerFlag.test(argument) || hookFlag.test(argument));
  if (flag !== undefined) return `it was started with ${flag.replace(/=.*$/, '')}, which lets another program into it`;
  // security: rule 19
  if ((started.nodeOptions ?? '') !== '')
    return 'NODE_OPTIONS is set, which can let another program into it; unset it and start again';
  if (started.inspectorUrl !== undefined) return 'a debugger is attached to it';
  if (started.signalOpensInspector && !started.execArgv.includes('--disable-sigusr1')) {
    return 'it was started without --disable-sigusr1, so a signal could open a debugger; start it with "npm start"';
  }
  return undefined;
}
