import { afterEach, describe, expect, test } from 'vitest';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
afterEach(() => keep.close());

describe('lock and unlock', () => {
  test('smoke', async () => {
    keep = await openKeep();
    expect(keep.vault.state()).toBe('unlocked');
    keep = await keep.restart();
    expect(keep.vault.state()).toBe('locked');
    await keep.unlock();
    keep.audit.record({ event: 'vault.unlocked' });
    expect(keep.audit.verify()).toMatchObject({ intact: true, count: 1 });
  });
});
