import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { readRecoveryCode, writeRecoveryCode } from '../../src/contract/recovery-code.ts';
import { createReplyKey } from '../../src/contract/sealed-reply.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { type OpenCore, openCore, type Page } from './open-core.ts';

const next = 'meadow lantern copper walrus engine';
const otherCode = writeRecoveryCode(new Uint8Array(20).fill(7));

let open: OpenCore;
beforeEach(async () => {
  open = await openCore();
});
afterEach(() => open.close());

/** What a page does to get a code. */
async function makeCode(page: Page = open.page): Promise<string> {
  const key = await createReplyKey('recovery.make');
  const { sealedCode } = await page.client.call('recovery.make', { replyKey: key.publicKey }, testPassphrase);
  return key.open(sealedCode);
}

const statusOf = (page: Page) => page.client.call('status.get', {});
const recover = (page: Page, code: string, newPassphrase = next) =>
  page.client.call('vault.recover', {}, { passphrase: code, newPassphrase });
const refusedAs = (code: string) => ({ refusal: { code } });
/** One sign of the code exchanged for another. */
const withSlip = (code: string, at: number) => code.slice(0, at) + (code[at] === 'A' ? 'B' : 'A') + code.slice(at + 1);

describe('a recovery code in the page (security rules 10 and 22)', () => {
  test('comes sealed to the page that asked, and is nowhere else: not in the answer, the log, the audit log or the store', async () => {
    const key = await createReplyKey('recovery.make');
    const answer = await open.page.client.call('recovery.make', { replyKey: key.publicKey }, testPassphrase);
    const code = await key.open(answer.sealedCode);
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
    const stored = open.store
      .all<{ value: Uint8Array }>('SELECT value FROM meta')
      .map(({ value }) => Buffer.from(value).toString('latin1'));
    const seen = JSON.stringify([answer, open.platform.log.lines, open.core.audit.list({ limit: 200 }), stored]);
    const read = readRecoveryCode(code);
    for (const form of [code, code.replaceAll('-', '')]) expect(seen).not.toContain(form);
    if (read.ok)
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(seen).not.toContain(Buffer.from(read.bytes).toString(form));
    await expect((await createReplyKey('recovery.make')).open(answer.sealedCode)).rejects.toThrow();
  });

  test('is not made for a key that is none', async () => {
    const made = open.page.client.call('recovery.make', { replyKey: 'A'.repeat(87) }, testPassphrase);
    await expect(made).rejects.toMatchObject(refusedAs('invalid_input'));
    expect((await statusOf(open.page)).recovery).toEqual({ state: 'none' });
  });

  test('is none, not tested, tested in the status; each step is in the audit log', async () => {
    expect((await statusOf(open.page)).recovery).toEqual({ state: 'none' });
    const code = await makeCode();
    expect((await statusOf(open.page)).recovery).toMatchObject({ state: 'untested' });
    await open.page.client.call('recovery.confirm', {}, ` ${code.toLowerCase().replaceAll('-', '  ')} `);
    expect((await statusOf(open.page)).recovery).toMatchObject({ state: 'tested', at: open.platform.clock.now() });
    expect(open.core.audit.list({ search: 'recovery_code', limit: 10 }).map(({ event }) => event)).toEqual([
      'recovery_code.tested',
      'recovery_code.made',
    ]);
  });

  test('a slip of the finger is told apart from another code: which group it is in, and no try is counted', async () => {
    const code = await makeCode();
    for (let time = 0; time < 8; time += 1) {
      const typed = withSlip(code, time * 6 + 2);
      await expect(open.page.client.call('recovery.confirm', {}, typed)).rejects.toMatchObject({
        refusal: { code: 'recovery_code_mistyped', message: `There is a slip in group ${time + 1}.` },
      });
    }
    for (const typed of ['', code.slice(2), `${code}0`, testPassphrase, `${code.slice(0, -1)}*`])
      await expect(open.page.client.call('recovery.confirm', {}, typed)).rejects.toMatchObject(refusedAs('recovery_code_mistyped'));
    await open.page.client.call('recovery.confirm', {}, code);
  });

  test('another code is refused and counted', async () => {
    await makeCode();
    for (const wait of [{}, {}, { retryAfterSeconds: 1 }]) {
      await expect(open.page.client.call('recovery.confirm', {}, otherCode)).rejects.toMatchObject({
        refusal: { code: 'recovery_code_wrong', ...wait },
      });
    }
    expect(open.core.audit.list({ search: 'presence.refused' })[0]).toMatchObject({
      reason: 'recovery_code_wrong',
      facts: { operation: 'recovery.confirm' },
    });
  });
});

describe('recovering in the page (security rules 1 and 22)', () => {
  test('opens for that page, replaces the passphrase, and is in the audit log', async () => {
    const code = await makeCode();
    await open.page.client.call('vault.lock', {});
    const other = open.begin('page');
    await recover(other, code);
    expect(await statusOf(other)).toMatchObject({ vault: 'unlocked', unlockedHere: true, recovery: { state: 'tested' } });
    expect((await statusOf(open.page)).unlockedHere).toBe(false);
    await expect(open.page.client.call('vault.unlock', {}, testPassphrase)).rejects.toMatchObject(refusedAs('passphrase_wrong'));
    await open.page.client.call('vault.unlock', {}, next);
    expect(open.core.audit.list({ search: 'vault.recovered' })).toHaveLength(1);
  });

  test('a weak passphrase is refused with the code at hand, and one that is missing as well', async () => {
    const code = await makeCode();
    await open.page.client.call('vault.lock', {});
    await expect(recover(open.page, code, 'horse')).rejects.toMatchObject(refusedAs('passphrase_weak'));
    await expect(open.page.client.call('vault.recover', {}, code)).rejects.toMatchObject(refusedAs('invalid_input'));
    expect(open.core.vault.state()).toBe('locked');
    await recover(open.page, code);
  });

  test('wrong and mistyped codes open nothing; the wrong one is written down', async () => {
    const code = await makeCode();
    await open.page.client.call('vault.lock', {});
    await expect(recover(open.page, otherCode)).rejects.toMatchObject(refusedAs('recovery_code_wrong'));
    await expect(recover(open.page, withSlip(code, 0))).rejects.toMatchObject(refusedAs('recovery_code_mistyped'));
    expect(open.core.vault.state()).toBe('locked');
    expect(open.core.audit.list({ search: 'vault.unlock_failed' })).toMatchObject([{ reason: 'recovery_code_wrong' }]);
  });
});

describe('changing the passphrase in the page (security rule 21)', () => {
  test('with the one before and a strong new one', async () => {
    await open.page.client.call('passphrase.change', {}, { passphrase: testPassphrase, newPassphrase: next });
    await open.page.client.call('vault.lock', {});
    await open.page.client.call('vault.unlock', {}, next);
    expect(open.core.audit.list({ search: 'passphrase.changed' })).toHaveLength(1);
  });

  test('is refused when the new one is weak or missing', async () => {
    const weak = open.page.client.call('passphrase.change', {}, { passphrase: testPassphrase, newPassphrase: 'horse' });
    await expect(weak).rejects.toMatchObject(refusedAs('passphrase_weak'));
    await expect(open.page.client.call('passphrase.change', {}, testPassphrase)).rejects.toMatchObject(
      refusedAs('passphrase_weak'),
    );
    await open.core.vault.verifyPassphrase(Secret.fromText(testPassphrase));
  });
});

test('a list of factors that was changed from outside is in the audit log after unlock (security rules 3 and 22)', async () => {
  await makeCode();
  await open.page.client.call('vault.lock', {});
  const [row] = open.store.all<{ value: Uint8Array }>("SELECT value FROM meta WHERE key = 'vault'");
  const record = JSON.parse(Buffer.from(row?.value ?? []).toString()) as { factorSets: unknown[] };
  record.factorSets.pop();
  open.store.commit([{ sql: "UPDATE meta SET value = ? WHERE key = 'vault'", values: [Buffer.from(JSON.stringify(record))] }]);
  await open.page.client.call('vault.unlock', {}, testPassphrase);
  expect(open.core.audit.list({ search: 'row.tampered' })).toHaveLength(1);
  expect((await statusOf(open.page)).recovery).toMatchObject({ state: 'lost' });
});
