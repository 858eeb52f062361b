import { createHash } from 'node:crypto';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { StateFile } from './state-file.ts';

interface Entry {
  payload: AdapterPayload;
  expiresAt: number;
}

export type BankEntries = Record<string, Entry>;

// What a client could present: stored under its hash, and without the value itself.
const tokenModels = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'PushedAuthorizationRequest']);

/** The authorization server's database: a map, written whole to a file when there is one. */
export function createBankStore(file?: StateFile<BankEntries>): AdapterFactory {
  const entries = new Map<string, Entry>(Object.entries(file?.read() ?? {}));
  const save = (): void => {
    const now = Date.now();
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key);
    // A proof seen once must not be accepted after a restart either, but nonces of an earlier run are void anyway.
    file?.write(Object.fromEntries([...entries].filter(([key]) => !key.startsWith('ReplayDetection:'))));
  };
  return (model) => adapterFor(model, entries, save);
}

function adapterFor(model: string, entries: Map<string, Entry>, save: () => void): Adapter {
  const hashed = tokenModels.has(model);
  const keyOf = (id: string): string => `${model}:${hashed ? createHash('sha256').update(id).digest('base64url') : id}`;
  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  };
  const findBy = (test: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    for (const key of entries.keys()) {
      const payload = key.startsWith(`${model}:`) ? live(key) : undefined;
      if (payload && test(payload)) return payload;
    }
    return undefined;
  };
  return {
    async upsert(id, payload, expiresIn) {
      entries.set(keyOf(id), {
        payload: hashed ? { ...payload, jti: '' } : payload,
        expiresAt: Date.now() + (expiresIn ?? 31_536_000) * 1000,
      });
      if (model !== 'ReplayDetection') save();
    },
    async find(id) {
      const payload = live(keyOf(id));
      return payload && (hashed ? { ...payload, jti: id } : payload);
    },
    findByUid: async (uid) => findBy((payload) => payload.uid === uid),
    findByUserCode: async (code) => findBy((payload) => payload.userCode === code),
    async consume(id) {
      const entry = entries.get(keyOf(id));
      if (entry) entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) };
      save();
    },
    async destroy(id) {
      entries.delete(keyOf(id));
      save();
    },
    async revokeByGrantId(grantId) {
      for (const [key, entry] of entries) {
        if (key.startsWith(`${model}:`) && entry.payload.grantId === grantId) entries.delete(key);
      }
      save();
    },
  };
}
