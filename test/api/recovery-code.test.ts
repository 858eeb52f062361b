import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readRecoveryCode, writeRecoveryCode } from '../../src/contract/recovery-code.ts';

const signs = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const code = writeRecoveryCode(Buffer.from('5f1c0a93b77e24d86c0be11f9a3d5508c4e7f213', 'hex'));
const bytesOf = (text: string) => {
  const read = readRecoveryCode(text);
  return read.ok ? Buffer.from(read.bytes).toString('hex') : read;
};

describe('a recovery code on paper (security rule 22)', () => {
  test('is read as it was written, whatever its bytes', () => {
    for (let time = 0; time < 200; time += 1) {
      const bytes = randomBytes(20);
      expect(bytesOf(writeRecoveryCode(bytes))).toBe(bytes.toString('hex'));
    }
    for (const fill of [0, 255])
      expect(bytesOf(writeRecoveryCode(Buffer.alloc(20, fill)))).toBe(Buffer.alloc(20, fill).toString('hex'));
  });

  test('has eight groups of five signs that cannot be taken for others', () => {
    expect(code.split('-').map(({ length }) => length)).toEqual(Array(8).fill(5));
    expect(code).not.toMatch(/[ILOU]/);
    expect(() => writeRecoveryCode(Buffer.alloc(19))).toThrow();
  });

  test('is read whatever the capitals, spaces and dashes, with O for 0 and I or L for 1', () => {
    const wanted = bytesOf(code);
    const all = writeRecoveryCode(Buffer.from('0001020304050607080910111213141516171819', 'hex'));
    expect(all).toMatch(/0.*1/);
    for (const typed of [
      code.toLowerCase(),
      code.replaceAll('-', ' '),
      code.replaceAll('-', ''),
      ` ${code.replaceAll('-', '–\n')}\t`,
    ])
      expect(bytesOf(typed)).toBe(wanted);
    for (const typed of [all.replaceAll('0', 'O').replaceAll('1', 'I'), all.replaceAll('0', 'o').replaceAll('1', 'l')])
      expect(bytesOf(typed)).toBe(bytesOf(all));
  });

  test('any one wrong sign is found, and its group named', () => {
    for (let at = 0; at < code.length; at += 1) {
      if (code[at] === '-') continue;
      for (const sign of signs) {
        if (sign === code[at]) continue;
        const typed = code.slice(0, at) + sign + code.slice(at + 1);
        expect(readRecoveryCode(typed)).toEqual({ ok: false, reason: 'group', group: Math.floor(at / 6) + 1 });
      }
    }
  });

  test('two neighbours that changed places are found', () => {
    const plain = code.replaceAll('-', '');
    let pairs = 0;
    for (let at = 0; at < plain.length - 1; at += 1) {
      if (plain[at] === plain[at + 1]) continue;
      pairs += 1;
      expect(readRecoveryCode(plain.slice(0, at) + plain[at + 1] + plain[at] + plain.slice(at + 2))).toMatchObject({ ok: false });
    }
    expect(pairs).toBeGreaterThan(30);
  });

  test('groups that changed places are found', () => {
    const groups = code.split('-');
    for (let at = 0; at < 7; at += 1) {
      const swapped = groups.with(at, groups[at + 1] ?? '').with(at + 1, groups[at] ?? '');
      expect(readRecoveryCode(swapped.join('-'))).toMatchObject({ ok: false, reason: 'group' });
    }
  });

  test('what is no code at all says so', () => {
    expect(readRecoveryCode('')).toEqual({ ok: false, reason: 'length' });
    expect(readRecoveryCode(code.slice(1))).toEqual({ ok: false, reason: 'length' });
    expect(readRecoveryCode(`${code}A`)).toEqual({ ok: false, reason: 'length' });
    for (const sign of ['U', '*', 'é', '😀', '\0'])
      expect(readRecoveryCode(code.slice(0, -1) + sign)).toEqual({ ok: false, reason: 'sign' });
  });
});
