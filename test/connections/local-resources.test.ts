import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connections, NewLocalResource, Resource } from '../../src/connections/connections.ts';
import { createConnections, thisComputer } from '../../src/connections/connections.ts';
import { newKey } from '../authserver/support/stock-agent.ts';
import { memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
let connections: Connections;

beforeEach(async () => {
  keep = await openKeep();
  connections = createConnections({ ...keep, browser: memoryBrowser(), log: memoryLog() });
});

afterEach(async () => {
  await connections.stop();
  keep.close();
});

const issuer = 'http://127.0.0.1:7417';
const notes: NewLocalResource = {
  name: 'Notes',
  url: 'http://127.0.0.1:9000/mcp',
  detailTypes: ['account_information'],
  scopes: ['accounts'],
  issuer,
};
const add = (more: Partial<NewLocalResource> = {}): Resource => connections.addLocal({ ...notes, ...more });
const refusal = (more: Partial<NewLocalResource>): unknown => {
  try {
    add(more);
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'added';
};

describe('a local resource', () => {
  test('is found by its id and with the others, and survives a restart', async () => {
    const { id } = add();
    expect(connections.findResource(id)).toMatchObject({ name: 'Notes', indicator: notes.url, local: { by: 'signature' } });
    expect(connections.resources(thisComputer).map((one) => one.id)).toEqual([id]);
    expect(keep.events()).toContain('resource.added');
    const again = await keep.restart();
    await again.unlock();
    expect(createConnections({ ...again, browser: memoryBrowser(), log: memoryLog() }).findResource(id)?.name).toBe('Notes');
  });

  test.each([
    ['HTTP://127.0.0.1:9000', 'http://127.0.0.1:9000/'],
    ['http://127.0.0.1:80/a/../mcp', 'http://127.0.0.1/mcp'],
    ['http://[0:0:0:0:0:0:0:1]:9000/mcp', 'http://[::1]:9000/mcp'],
    ['http://127.1:9000/mcp', 'http://127.0.0.1:9000/mcp'],
  ])('is written in one way, canonicalised once: %s (RFC 8707, 2)', (url, indicator) => {
    expect(add({ url }).indicator).toBe(indicator);
    expect(refusal({ url: indicator })).toBe('conflict');
  });

  test.each([
    ['another machine', 'http://192.168.1.4:9000/mcp'],
    ['a name, even localhost', 'http://localhost:9000/mcp'],
    ['every address', 'http://0.0.0.0:9000/mcp'],
    ['a name that begins so', 'http://127.0.0.1.example:9000/'],
    ['a user name', 'http://me@127.0.0.1:9000/'],
    ['a query', 'http://127.0.0.1:9000/?x'],
    ['an empty query', 'http://127.0.0.1:9000/?'],
    ['a fragment', 'http://127.0.0.1:9000/#x'],
    ['an escaped path', 'http://127.0.0.1:9000/%2e%2e/x'],
    ['another scheme', 'ftp://127.0.0.1:9000/'],
    ['no URL', 'notes'],
    ['our own address', 'http://127.0.0.1:7417/proxy/demo'],
    ['our own address by the other loopback', 'http://[::1]:7417/'],
    ['more than a URL', `http://127.0.0.1:9000/${'a'.repeat(400)}`],
  ])('is not at %s (RFC 8707, 2)', (_what, url) => {
    expect(refusal({ url })).toBe('invalid_input');
  });

  test.each([
    ['no name', { name: ' ' }],
    ['a name with what nobody sees', { name: 'No\u200btes' }],
    ['no type', { detailTypes: [] }],
    ['a type that is not known', { detailTypes: ['everything'] }],
    ['a scope with a space', { scopes: ['a b'] }],
    ['a scope of the sign-in', { scopes: ['openid'] }],
    ['a key that is none', { key: '{"kty":"oct"}' }],
    ['a key that is no JSON', { key: 'ssh-ed25519 AAAA' }],
  ] as const)('has not %s', (_what, more) => {
    expect(refusal(more)).toBe('invalid_input');
    expect(connections.resources(thisComputer)).toEqual([]);
  });

  test('pins a public key and keeps its public members only; a private one is refused', async () => {
    const { jwk, thumbprint, privateKey } = await newKey();
    const added = add({ key: JSON.stringify({ ...jwk, kid: 'x', x5u: 'http://127.0.0.1/' }) });
    expect(added.local).toEqual({ by: 'introspection', jwk, thumbprint, addedAt: keep.clock.now() });
    const secret = JSON.stringify(privateKey.export({ format: 'jwk' }));
    expect(refusal({ url: 'http://127.0.0.1:9001/', key: secret })).toBe('invalid_input');
    expect(JSON.stringify(keep.audit.list({ limit: 50 }))).not.toContain(String(privateKey.export({ format: 'jwk' }).d));
  });

  test('whose row was changed in the file is none (security rule 3)', () => {
    const { id } = add();
    keep.store.commit([
      {
        sql: "UPDATE local_resources SET body = replace(body, '9000', '9009'), indicator = 'http://127.0.0.1:9009/mcp'",
        values: [],
      },
    ]);
    expect(() => connections.findResource(id)).toThrow(expect.objectContaining({ code: 'row_tampered' }));
    expect(connections.resources(thisComputer)).toEqual([]);
  });

  test('is neither added nor removed while locked', () => {
    const { id } = add();
    keep.vault.lock();
    expect(refusal({ url: 'http://127.0.0.1:9001/' })).toBe('vault_locked');
    expect(() => connections.removeLocal(id)).toThrow(expect.objectContaining({ code: 'vault_locked' }));
  });

  test('is forgotten, and its address is free again', () => {
    connections.removeLocal(add().id);
    expect(keep.events()).toContain('resource.removed');
    expect(add().indicator).toBe(notes.url);
  });
});
