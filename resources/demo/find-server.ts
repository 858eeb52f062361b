import { readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fetchThrough } from './socket-fetch.ts';

/** Where Counterfoil may have left word of itself, best first. */
export function descriptorFiles(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const { COUNTERFOIL_RUNTIME_DIR: chosen, XDG_RUNTIME_DIR: runtime } = environment;
  const folders = [
    ...(chosen ? [chosen] : []),
    ...(!chosen && runtime ? [join(runtime, 'counterfoil')] : []),
    ...(chosen ? [] : [join(tmpdir(), `counterfoil-${userInfo().uid}`)]),
  ];
  return folders.map((folder) => join(folder, 'server.json'));
}

export interface FoundServer {
  readonly issuer: string;
  /** Its Unix socket for agents, where there is one. */
  readonly socket?: string;
}

/** The server that a descriptor names. A hint only: whether one answers there is asked next. */
export function findServer(files: readonly string[] = descriptorFiles()): FoundServer | undefined {
  for (const file of files) {
    try {
      const { issuer, socket } = JSON.parse(readFileSync(file, 'utf8')) as { issuer?: unknown; socket?: unknown };
      if (typeof issuer !== 'string' || !/^http:\/\/127\.0\.0\.1:\d+$/.test(issuer)) continue;
      return { issuer, ...(typeof socket === 'string' && isAbsolute(socket) && { socket }) };
    } catch {
      // Not there, or being written: look on.
    }
  }
  return undefined;
}

/** True when the server behind `issuer` says that it is the one. */
export async function isAnswering({ issuer, socket }: FoundServer): Promise<boolean> {
  try {
    const answer = await fetchThrough(socket)(`${issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(2000),
      redirect: 'error',
    });
    const metadata = (await answer.json()) as { issuer?: unknown };
    return metadata.issuer === issuer;
  } catch {
    return false;
  }
}
