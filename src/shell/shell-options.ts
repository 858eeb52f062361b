import { parseArgs } from 'node:util';

/** What a person may say when starting a shell. */
export interface ShellOptions {
  readonly opensUi: boolean;
  /** Where agents find the server; 0 takes any free port. */
  readonly port: number;
}

export const defaultPort = 7417;

export const usage = `Usage: counterfoil [--no-open] [--port <number>]

  --no-open        print the link to the window instead of opening one
  --port <number>  where agents find the server (default ${defaultPort}, 0 for any free port)
  --help           this text
  --version        the version

Environment: COUNTERFOIL_DATA_DIR, COUNTERFOIL_RUNTIME_DIR`;

/** What the arguments ask for; `usage-error` carries words for the person. */
export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: ShellOptions }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'usage-error'; readonly message: string };

/** Reads the arguments after the program's own name. */
export function parseShellArguments(args: readonly string[]): ParsedArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowNegative: true,
      options: {
        open: { type: 'boolean', default: true },
        port: { type: 'string', default: String(defaultPort) },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.version === true) return { kind: 'version' };
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
      return { kind: 'usage-error', message: `--port wants a number from 0 to 65535, not "${values.port}".` };
    }
    return { kind: 'run', options: { opensUi: values.open, port: Number(values.port) } };
  } catch (error) {
    return { kind: 'usage-error', message: error instanceof Error ? error.message : String(error) };
  }
}
