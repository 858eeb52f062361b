import { beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../electron/channels.ts';
import { answerIpc } from '../../electron/ipc.ts';
import type { Api } from '../../src/api/api.ts';
import type { ChangeNotice } from '../../src/base/changes.ts';
import { asId, type SessionId } from '../../src/base/ids.ts';
import type { SessionView } from '../../src/contract/presence.ts';
import { ContentsDouble, fromPage, IpcDouble } from './electron-double.ts';

const origin = 'http://cf-abc.localhost';
const envelope = { input: '{}' };

/** An api that records: what a session may do is tested with the real one, in test/api. */
class RecordingApi implements Pick<Api, 'beginSession' | 'endSession' | 'call' | 'changes'> {
  readonly done: string[] = [];
  readonly listeners = new Map<SessionId, (notice: ChangeNotice) => void>();
  #count = 0;

  beginSession(kind: string): { readonly session: SessionId; readonly coreKey: string } {
    this.#count += 1;
    this.done.push(`begin ${kind}`);
    return { session: asId(`session_${this.#count}`), coreKey: 'key' };
  }

  endSession(session: SessionId): void {
    this.done.push(`end ${session}`);
  }

  async call(session: SessionId, operation: string): Promise<{ readonly ok: true; readonly output: unknown }> {
    this.done.push(`${session} ${operation}`);
    return { ok: true, output: {} };
  }

  changes(session: SessionId, listener: (notice: ChangeNotice) => void): () => void {
    this.listeners.set(session, listener);
    return () => this.listeners.delete(session);
  }
}

describe('the window over IPC', () => {
  let ipc = new IpcDouble();
  let api = new RecordingApi();
  let page = new ContentsDouble(1);

  const begin = async (contents = page): Promise<string> =>
    ((await ipc.invoke(channels.begin, fromPage(contents, origin))) as SessionView).session;
  const call = (session: unknown, contents = page) =>
    ipc.invoke(channels.call, fromPage(contents, origin), session, 'status.get', envelope);

  beforeEach(() => {
    ipc = new IpcDouble();
    api = new RecordingApi();
    page = new ContentsDouble(1);
    answerIpc({ ipc, api, origin });
  });

  it('begins a session and calls in it', async () => {
    const session = await begin();
    expect(await call(session)).toEqual({ ok: true, output: {} });
    expect(api.done).toEqual(['begin window', `${session} status.get`]);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example', parent: null }],
    ['an origin that begins like ours', { origin: `${origin}.evil.example`, parent: null }],
    ['our origin on a port', { origin: `${origin}:8080`, parent: null }],
    ['a frame inside our page', { origin, parent: { origin, parent: null } }],
    ['a frame that is gone', null],
  ])('refuses %s', async (_who, senderFrame) => {
    const event = { sender: page, senderFrame };
    await expect(ipc.invoke(channels.begin, event)).rejects.toMatchObject({ code: 'origin_refused' });
    await expect(ipc.invoke(channels.call, event, 'session_1', 'status.get', envelope)).rejects.toMatchObject({
      code: 'origin_refused',
    });
    expect(api.done).toEqual([]);
  });

  it('does not let one page use the session of another (security rule 1)', async () => {
    const session = await begin();
    const second = new ContentsDouble(2);
    await begin(second);
    expect(await call(session, second)).toMatchObject({ ok: false, refusal: { code: 'session_unknown' } });
    expect(api.done.filter((entry) => entry.includes('status.get'))).toEqual([]);
  });

  it('ends the session with the page: a reload, a crash, a closed window (security rule 1)', async () => {
    for (const event of ['did-navigate', 'render-process-gone', 'destroyed']) {
      const session = await begin();
      page.emit(event);
      expect(api.done.at(-1)).toBe(`end ${session}`);
      expect(await call(session)).toMatchObject({ ok: false, refusal: { code: 'session_unknown' } });
    }
  });

  it('has one session per page: beginning again ends the one before', async () => {
    const first = await begin();
    const second = await begin();
    expect(second).not.toBe(first);
    expect(api.done).toEqual(['begin window', `end ${first}`, 'begin window']);
    expect(await call(first)).toMatchObject({ ok: false });
  });

  it.each([
    ['an operation that is no text', 7, envelope],
    ['no envelope', 'status.get', undefined],
    ['an envelope without input', 'status.get', {}],
    ['an envelope that is too large', 'status.get', { input: 'x'.repeat(65_537) }],
  ])('refuses %s', async (_what, operation, sent) => {
    const session = await begin();
    const answer = await ipc.invoke(channels.call, fromPage(page, origin), session, operation, sent);
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'invalid_input' } });
  });

  it('passes change notices to the page, and none once it is gone', async () => {
    const session = asId<SessionId>(await begin());
    const notice: ChangeNotice = { topic: 'grants', id: 'grant_1' };
    api.listeners.get(session)?.(notice);
    expect(page.sent).toEqual([[channels.change, notice]]);
    page.destroyed = true;
    api.listeners.get(session)?.(notice);
    expect(page.sent).toHaveLength(1);
    page.emit('destroyed');
    expect(api.listeners.size).toBe(0);
  });
});
