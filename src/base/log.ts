/** What the program says about itself. Fields are data; secrets are `Secret` and print as `[secret]`. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A log that keeps quiet. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
