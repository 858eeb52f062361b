import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { isRefusal } from '../base/errors.ts';
import type { ContractClient } from '../contract/client.ts';
import { RefusedError } from '../contract/client.ts';
import { CommandFailed } from './command-failed.ts';
import { backUp, type DataCopies, restore } from './copy-commands.ts';
import type { CoreLink } from './core-link.ts';
import { type Check, judgeStatus } from './doctor.ts';
import { type ExitCode, exitCodeFor, exitCodes } from './exit-codes.ts';
import { deny, lock, pause, revoke, revokeAll } from './lower-commands.ts';
import { type Scene, showAgents, showAudit, showGrants, showPending, showStatus, verifyAudit } from './read-commands.ts';
import { inert, printJson, printTable, type Terminal } from './terminal.ts';

export interface ProgramDeps {
  readonly link: CoreLink;
  readonly copies: DataCopies;
  readonly terminal: Terminal;
  readonly version: string;
  readonly now: () => number;
}

/** Commands that would stand in for the person. They are known by name only to say where that is done. */
const neededInWindow = ['approve', 'resume', 'unlock'];

/** Runs one command line and returns the code to leave with. Never throws for what a person can do wrong. */
export async function runCommandLine(args: readonly string[], deps: ProgramDeps): Promise<ExitCode> {
  const outcome: Outcome = { exitCode: exitCodes.ok };
  const program = createProgram(deps, outcome);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return explain(error, deps.terminal, args.includes('--json'));
  }
}

interface Outcome {
  exitCode: ExitCode;
}

function explain(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  const failure = describe(error);
  if (json) terminal.err(JSON.stringify({ error: { code: failure.code, message: failure.message, hint: failure.hint } }));
  else terminal.err(inert([failure.message, failure.hint].filter(Boolean).join(' ')));
  return failure.exitCode;
}

function describe(error: unknown): CommandFailed {
  if (error instanceof CommandFailed) return error;
  const refusal = error instanceof RefusedError ? error.refusal : isRefusal(error) ? error : undefined;
  if (refusal !== undefined) {
    const { code, message, hint } = refusal;
    return new CommandFailed(code, message, { exitCode: exitCodeFor(code), hint });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CommandFailed('internal', `Something went wrong: ${message}`, { exitCode: exitCodes.error });
}

function createProgram(deps: ProgramDeps, outcome: Outcome): Command {
  const { link, terminal } = deps;
  const program = new Command('counterfoil')
    .description('See and end what agents may do with your accounts. Approving is done in the window.')
    .version(deps.version)
    .option('--json', 'print data as JSON')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text.trimEnd()), writeErr: (text) => terminal.err(text.trimEnd()) })
    .showHelpAfterError('(counterfoil --help lists the commands)');

  const inSession = async (act: (scene: Scene) => Promise<void>): Promise<void> => {
    const client: ContractClient = await link.connect();
    await act({ client, terminal, now: deps.now, json: isJson(program) });
  };
  addReadCommands(program, inSession, outcome);
  addLowerCommands(program, inSession);
  addMachineCommands(program, deps, outcome);
  addCopyCommands(program, deps);
  for (const name of neededInWindow) addWindowOnly(program, name);
  return program;
}

function isJson(program: Command): boolean {
  return program.opts<{ json?: boolean }>().json === true;
}

type InSession = (act: (scene: Scene) => Promise<void>) => Promise<void>;

function addReadCommands(program: Command, inSession: InSession, outcome: Outcome): void {
  program
    .command('status')
    .description('whether the vault is open, and what waits')
    .action(() => inSession(showStatus));
  program
    .command('pending')
    .description('requests that wait for an answer')
    .action(() => inSession(showPending));
  program
    .command('grants')
    .description('what agents may do now')
    .option('--all', 'also what has ended')
    .action((options: { all?: boolean }) => inSession((scene) => showGrants(scene, { all: options.all === true })));
  program
    .command('agents')
    .description('programs that have registered')
    .action(() => inSession(showAgents));
  program
    .command('audit')
    .description('what happened, newest first')
    .option('--limit <count>', 'entries, 1-200', parseLimit, 20)
    .option('--search <text>', 'only entries with this text')
    .option('--verify', 'check that the log is whole and unchanged')
    .action((options: { limit: number; search?: string; verify?: boolean }) =>
      inSession(async (scene) => {
        if (options.verify !== true)
          return showAudit(scene, { limit: options.limit, ...(options.search === undefined ? {} : { search: options.search }) });
        if (!(await verifyAudit(scene))) outcome.exitCode = exitCodes.error;
      }),
    );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new InvalidArgumentError('It is a number from 1 to 200.');
  return limit;
}

function addLowerCommands(program: Command, inSession: InSession): void {
  program
    .command('deny <id>')
    .description('refuse a waiting request')
    .option('--reason <text>', 'told to the agent')
    .action((id: string, options: { reason?: string }) => inSession((scene) => deny(scene, id, options.reason)));
  program
    .command('revoke [id...]')
    .description('end grants')
    .option('--all', 'every one')
    .action((ids: readonly string[], options: { all?: boolean }) =>
      inSession((scene) => {
        if ((options.all === true) === ids.length > 0) {
          throw new CommandFailed('invalid_input', 'Name the grants to end, or say --all.', { exitCode: exitCodes.usage });
        }
        return options.all === true ? revokeAll(scene) : revoke(scene, ids);
      }),
    );
  program
    .command('pause')
    .description('let no agent ask or call until you resume in the window')
    .action(() => inSession(pause));
  program
    .command('lock')
    .description('lock the vault')
    .action(() => inSession(lock));
}

function addMachineCommands(program: Command, { link, terminal, version }: ProgramDeps, outcome: Outcome): void {
  program
    .command('open')
    .description('show the window')
    .action(async () => {
      if (await link.open()) terminal.err('Counterfoil is open.');
      else throw notRunning();
    });
  program
    .command('doctor')
    .description('what is well on this machine and what is not')
    .action(async () => {
      const checks = [...(await link.examine())];
      const client = await link.connect().catch((error: unknown) => {
        if (isServerChanged(error)) checks.push({ name: 'socket', state: 'fail', detail: (error as CommandFailed).message });
        return undefined;
      });
      if (client) checks.push(...judgeStatus(await client.call('status.get', {}), version));
      showChecks(terminal, checks, isJson(program));
      const failed = checks.filter(({ state }) => state === 'fail');
      if (failed.length > 0) outcome.exitCode = exitCodes.error;
      if (failed.some(({ name }) => name === 'key' || name === 'socket')) outcome.exitCode = exitCodes.serverChanged;
    });
}

function addCopyCommands(program: Command, { copies, terminal }: ProgramDeps): void {
  program
    .command('backup <folder>')
    .description('copy everything that is kept to a new folder')
    .action((folder: string) => backUp({ copies, terminal, json: isJson(program) }, folder));
  program
    .command('restore <folder>')
    .description('put such a copy in place, while Counterfoil is not running; what is there now is moved aside')
    .action((folder: string) => restore({ copies, terminal, json: isJson(program) }, folder));
}

function isServerChanged(error: unknown): boolean {
  return error instanceof CommandFailed && error.exitCode === exitCodes.serverChanged;
}

function showChecks(terminal: Terminal, checks: readonly Check[], json: boolean): void {
  if (json) printJson(terminal, checks);
  else
    printTable(
      terminal,
      ['CHECK', 'STATE', 'DETAIL'],
      checks.map(({ name, state, detail }) => [name, state, detail]),
    );
}

/** The failure of a command that needs the app when none runs. */
export function notRunning(): CommandFailed {
  return new CommandFailed('not_running', 'Counterfoil is not running.', {
    exitCode: exitCodes.error,
    hint: 'Start it with "npm start" where it is installed.',
  });
}

function addWindowOnly(program: Command, name: string): void {
  program
    .command(name, { hidden: true })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new CommandFailed('presence_required', `"${name}" needs you in the window: a command could be any program.`, {
        exitCode: exitCodes.unauthenticated,
        hint: '"counterfoil open" shows it.',
      });
    });
}
