import { chmodSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { destination, multistream, pino } from 'pino';
import type { Log } from '../base/log.ts';

/** A {@link Log} that ends in a file. */
export interface ShellLog extends Log {
  readonly file: string;
  flush(): void;
}

/** Bytes after which a new file is begun; one old file is kept, so that a flood does not fill the disk. */
const largestFile = 5 * 1024 * 1024;

/** Members that are never written, wherever somebody put them by mistake. */
const secretMembers = [
  'passphrase',
  'secret',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'subject_token',
  'actor_token',
  'auth_req_id',
  'client_assertion',
  'code_verifier',
  'authorization',
  'Authorization',
  'dpop',
  'DPoP',
  'cookie',
  'set-cookie',
  'd',
];

const redactedPaths = secretMembers.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** Opens the log in the data folder; warnings and errors are also said to the person, in `say`. */
export function createLog(dataFolder: string, say: (line: string) => void): ShellLog {
  const file = join(dataFolder, 'counterfoil.log');
  keepSmall(file);
  const sink = destination({ dest: file, mode: 0o600, append: true, sync: true });
  // The mode above is for a new file only.
  chmodSync(file, 0o600);
  const streams = multistream([
    { level: 'info', stream: bounded(sink, file) },
    { level: 'warn', stream: { write: (line: string) => say(inWords(line)) } },
  ]);
  const logger = pino({ base: null, redact: { paths: redactedPaths, censor: '[secret]' } }, streams);
  return {
    file,
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => sink.flushSync(),
  };
}

function keepSmall(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestFile) moveAside(file);
}

/** Where something stands in the place of the old file the full one is begun anew: it must neither grow nor stop what is logged. */
function moveAside(file: string): void {
  try {
    renameSync(file, `${file}.1`);
  } catch {
    truncateSync(file);
  }
}

function bounded(sink: ReturnType<typeof destination>, file: string): { write(line: string): void } {
  let size = statSync(file).size;
  return {
    write(line) {
      size += Buffer.byteLength(line);
      if (size > largestFile) {
        sink.flushSync();
        moveAside(file);
        sink.reopen(file);
        size = Buffer.byteLength(line);
      }
      sink.write(line);
    },
  };
}

function inWords(line: string): string {
  const entry = JSON.parse(line) as { readonly level: number; readonly msg?: string };
  return `${entry.level >= 50 ? 'error' : 'warning'}: ${entry.msg ?? 'see the log'}`;
}
