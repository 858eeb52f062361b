import { describe, expect, it } from 'vitest';
import { type KeyPress, resolveKey } from '../../renderer/ui/keys.ts';

const names = ['a', 'd', 'j', 'k', '?', '/', 'g a', 'g i'];
const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  repeat: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});

describe('keys', () => {
  it('run what they are bound to', () => {
    expect(resolveKey(names, undefined, press('a'))).toEqual({ run: 'a' });
    expect(resolveKey(names, undefined, press('?'))).toEqual({ run: '?' });
  });

  it('mean nothing when they are not bound', () => {
    expect(resolveKey(names, undefined, press('z'))).toEqual({});
    expect(resolveKey(names, undefined, press('Enter'))).toEqual({});
  });

  it('work with caps lock on', () => {
    expect(resolveKey(names, undefined, press('D'))).toEqual({ run: 'd' });
  });

  it('after the first of a sequence never approve: g a goes to the agents', () => {
    expect(resolveKey(names, undefined, press('g'))).toEqual({ pending: 'g' });
    expect(resolveKey(names, 'g', press('a'))).toEqual({ run: 'g a' });
    expect(resolveKey(names, 'g', press('d'))).toEqual({});
  });

  it('held down mean nothing, so that a held a approves only one thing at most', () => {
    expect(resolveKey(names, undefined, press('a', { repeat: true }))).toEqual({});
  });

  it('with a modifier belong to the browser', () => {
    for (const modifier of ['ctrlKey', 'altKey', 'metaKey']) {
      expect(resolveKey(names, undefined, press('a', { [modifier]: true }))).toEqual({});
      expect(resolveKey(names, 'g', press('a', { [modifier]: true }))).toEqual({});
    }
  });
});
