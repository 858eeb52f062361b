import type { ExitCode } from './exit-codes.ts';

/** Why a command did not do what was asked, in words for a person and with the code to leave with. */
export class CommandFailed extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, how: { readonly exitCode: ExitCode; readonly hint?: string | undefined }) {
    super(message);
    this.name = 'CommandFailed';
    this.code = code;
    this.exitCode = how.exitCode;
    this.hint = how.hint;
  }
}
