import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Descriptor, removeDescriptor, thumbprintOf, writeDescriptor } from '../../src/shell/descriptor.ts';

const descriptor: Descriptor = { issuer: 'http://127.0.0.1:7417', port: 7417, pid: 7001, started: '2026-11-22T09:58:00.000Z' };

describe('the runtime descriptor', () => {
  let folder = '';
  const file = () => join(folder, 'server.json');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cf-descriptor-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says where we are, to this user alone', () => {
    writeDescriptor(file(), descriptor);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(descriptor);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('is replaced whole and leaves nothing beside it', () => {
    writeDescriptor(file(), descriptor);
    writeDescriptor(file(), { ...descriptor, server_jkt: 'abc' });
    expect((JSON.parse(readFileSync(file(), 'utf8')) as Descriptor).server_jkt).toBe('abc');
    expect(readdirSync(folder)).toEqual(['server.json']);
  });

  it('is taken away by its own process only', () => {
    writeDescriptor(file(), descriptor);
    removeDescriptor(file(), 7002);
    expect(readdirSync(folder)).toEqual(['server.json']);
    removeDescriptor(file(), 7001);
    expect(readdirSync(folder)).toEqual([]);
    removeDescriptor(file(), 7001);
  });

  it('names the key by its RFC 7638 thumbprint', () => {
    // The EC key of RFC 7517, A.1; its thumbprint was computed by an independent implementation (jose).
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
      use: 'sig',
      kid: '1',
    };
    expect(thumbprintOf(jwk)).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s');
  });
});
