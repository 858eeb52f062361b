/** How this process was started. */
export interface StartedProcess {
  readonly execArgv: readonly string[];
  /** Names of variables that are set and not empty. */
  readonly variables: readonly string[];
  /** Address of an open inspector (`inspector.url()`). */
  readonly inspectorUrl: string | undefined;
  /** False where signals cannot open the inspector: in Electron with its fuse, and on Windows. */
  readonly signalOpensInspector: boolean;
}

/**
 * Flags that open nothing. Any other is refused: among Node's flags are those that open an inspector, load code first, write
 * the heap to a file on a signal, or write TLS keys down, and each version brings more.
 */
const harmlessFlag =
  /^--(disable-sigusr1|secure-heap(-min)?|max-(old|semi)-space-size|no-warnings|disable-warning|enable-source-maps|no-addons|disable-proto|frozen-intrinsics|force-fips)(=|$)/;

/**
 * Variables that load code into a Node process, take away its checks or make it say what it handles. Node reads most of
 * them before the first line of ours runs; that they are set is the sign.
 */
const openingVariables: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_REDIRECT_WARNINGS',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
  'OPENSSL_ENGINES',
  'SSLKEYLOGFILE',
  'LD_PRELOAD',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
]);

/**
 * Why this process may not hold secrets, or `undefined`: another program could read its memory or run code in it
 * (security rule 19). It finds what was set at the start and left in sight; a library that was loaded first can hide itself,
 * and a debugger that attaches later is the system's to refuse (Linux: `kernel.yama.ptrace_scope`).
 */
export function findDebugger(started: StartedProcess): string | undefined {
  const flag = started.execArgv.find((argument) => !harmlessFlag.test(argument));
  if (flag !== undefined) return `it was started with ${flag.replace(/=.*$/, '')}, which lets another program into it`;
  // security: rule 19
  const variable = started.variables.find((name) => openingVariables.has(name));
  if (variable !== undefined) return `${variable} is set, which can let another program into it; unset it and start again`;
  if (started.inspectorUrl !== undefined) return 'a debugger is attached to it';
  if (started.signalOpensInspector && !started.execArgv.includes('--disable-sigusr1')) {
    return 'it was started without --disable-sigusr1, so a signal could open a debugger; start it with "npm start"';
  }
  return undefined;
}
