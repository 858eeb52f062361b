import { describe, expect, test } from 'vitest';
import { elapsedBy } from '../../src/base/elapsed.ts';
import { createSteadyClock } from '../../src/base/steady-clock.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('elapsed time', () => {
  /** Awake: both go on. Asleep or set: the wall clock alone. */
  function machine() {
    let wall = 1_000_000_000;
    let running = 5_000;
    const elapsed = elapsedBy(
      () => wall,
      () => running,
    );
    return {
      elapsed,
      run: (ms: number): void => {
        wall += ms;
        running += ms;
      },
      set: (ms: number): void => {
        wall += ms;
      },
    };
  }

  test('goes on with the machine, and counts its sleep', () => {
    const { elapsed, run, set } = machine();
    run(700);
    expect(elapsed()).toBe(700);
    set(3_600_000);
    expect(elapsed()).toBe(3_600_700);
    run(50);
    expect(elapsed()).toBe(3_600_750);
  });

  test('never goes back, and loses nothing, when the clock is set back and ahead again', () => {
    const { elapsed, run, set } = machine();
    set(-7_200_000);
    run(1_000);
    expect(elapsed()).toBe(1_000);
    set(7_200_000);
    run(1_000);
    expect(elapsed()).toBeGreaterThanOrEqual(2_000);
  });

  test('does not run ahead by jitter between the two clocks', () => {
    const { elapsed, run, set } = machine();
    for (let turn = 0; turn < 10_000; turn += 1) {
      set(turn % 2 === 0 ? 2 : -2);
      run(1);
      elapsed();
    }
    expect(elapsed()).toBe(10_000);
  });
});

describe('the steady clock', () => {
  test('is the clock of the machine while nobody sets it, and leaps ahead with it', async () => {
    const machine = createFakeClock();
    const clock = createSteadyClock(machine);
    await machine.advance(5_000);
    expect(clock.now()).toBe(machine.now());
    machine.set(machine.now() + 86_400_000);
    expect(clock.now()).toBe(machine.now());
    expect(clock.setBackBy()).toBe(0);
  });

  test('goes on when the machine is set back, and says by how much (goal R3)', async () => {
    const machine = createFakeClock();
    const clock = createSteadyClock(machine);
    const before = clock.now();
    machine.set(before - 3_600_000);
    await machine.advance(10_000);
    expect(clock.now()).toBe(before + 10_000);
    expect(clock.setBackBy()).toBe(3_600_000);
    clock.follow();
    expect([clock.now(), clock.setBackBy()]).toEqual([machine.now(), 0]);
  });

  test('makes up for small corrections without a word', async () => {
    const machine = createFakeClock();
    const clock = createSteadyClock(machine);
    machine.set(machine.now() - 1_500);
    expect([clock.now(), clock.setBackBy()]).toEqual([machine.now() + 1_500, 0]);
    machine.set(machine.now() - 1_500);
    expect([clock.now(), clock.setBackBy()]).toEqual([machine.now() + 3_000, 3_000]);
  });

  test('begins no earlier than the latest instant that is known', () => {
    const machine = createFakeClock();
    const clock = createSteadyClock(machine);
    clock.notBefore(machine.now() - 5_000);
    expect(clock.setBackBy()).toBe(0);
    clock.notBefore(machine.now() + 5_000);
    expect([clock.now(), clock.setBackBy()]).toEqual([machine.now() + 5_000, 5_000]);
  });
});
