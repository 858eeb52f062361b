import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testPassphrase } from '../support/open-keep.ts';
import { type OpenCore, openCore, type Page } from './open-core.ts';

let open: OpenCore;
beforeEach(async () => {
  open = await openCore();
  open.core.vault.lock();
});
afterEach(() => open.close());

/** What a try is answered: `in`, or the seconds to wait, 0 for none. */
async function unlock(page: Page, passphrase: string): Promise<number | 'in'> {
  try {
    await page.client.call('vault.unlock', {}, passphrase);
    return 'in';
  } catch (error) {
    const { refusal } = error as { refusal?: { code: string; retryAfterSeconds?: number } };
    if (refusal?.code === 'passphrase_wrong') return refusal.retryAfterSeconds ?? 0;
    throw error;
  }
}
async function wrongTimes(page: Page, times: number): Promise<readonly (number | 'in')[]> {
  const waits: (number | 'in')[] = [];
  for (let time = 0; time < times; time += 1) {
    const waited = await unlock(page, `wrong ${time}`);
    waits.push(waited);
    await open.platform.clock.advance(Number(waited) * 1000);
  }
  return waits;
}

describe('wrong passphrases of one page', () => {
  test('wait from the third on, twice as long each time, 60 seconds at most; the right one ends the count', async () => {
    expect(await wrongTimes(open.page, 11)).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(await unlock(open.page, testPassphrase)).toBe('in');
    open.core.vault.lock();
    expect(await wrongTimes(open.page, 3)).toEqual([0, 0, 1]);
  });

  test('do not make the person wait at another page: who holds a stolen link keeps nobody out', async () => {
    const thief = open.begin('page');
    await wrongTimes(thief, 11);
    expect(await unlock(thief, 'wrong')).toBe(60);
    expect(await unlock(thief, testPassphrase)).toBe(60);
    expect(await unlock(open.page, testPassphrase)).toBe('in');
  });

  test('at the same time are no more than one after the other', async () => {
    const tried = await Promise.all(Array.from({ length: 8 }, (_, index) => unlock(open.page, `wrong ${index}`)));
    const before = open.core.audit.list({ search: 'vault.unlock_failed' }).length;
    expect(tried.filter((wait) => wait !== 0).length).toBeGreaterThan(4);
    // The rest was not tried at all.
    expect(before).toBeLessThanOrEqual(3);
  });

  test('a clock that is set back or ahead neither ends the wait early nor makes it endless', async () => {
    await wrongTimes(open.page, 3);
    expect(await unlock(open.page, 'wrong')).toBe(2);
    open.platform.clock.set(open.platform.clock.now() - 3_600_000);
    expect(await unlock(open.page, testPassphrase)).toBe(2);
    await open.platform.clock.advance(2_000);
    expect(await unlock(open.page, testPassphrase)).toBe('in');
  });

  test('and recovery codes are one count', async () => {
    await wrongTimes(open.page, 2);
    expect(await unlock(open.page, 'wrong')).toBe(1);
    await expect(open.page.client.call('vault.recover', {}, 'any code')).rejects.toMatchObject({
      refusal: { code: 'recovery_code_wrong', retryAfterSeconds: 1 },
    });
  });

  test('presence for another operation counts with it, and what was not judged does not', async () => {
    await unlock(open.page, testPassphrase);
    const pause = (passphrase: string) => open.page.client.call('agents.resumeAll', {}, passphrase);
    for (let time = 0; time < 2; time += 1)
      await expect(pause('wrong')).rejects.toMatchObject({ refusal: { code: 'passphrase_wrong' } });
    open.core.vault.lock();
    for (let time = 0; time < 5; time += 1)
      await expect(pause('wrong')).rejects.toMatchObject({ refusal: { code: 'vault_locked' } });
    expect(await unlock(open.page, 'wrong')).toBe(1);
  });
});
