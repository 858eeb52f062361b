import type { Log } from '../base/log.ts';

/** What has to be ended again, in the order in which it was begun. */
export class Endings {
  readonly #tasks: (() => void | Promise<void>)[] = [];
  readonly #log: Log;
  #running: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(task: () => void | Promise<void>): void {
    this.#tasks.push(task);
  }

  /** Ends everything, last begun first. One that fails does not keep the others. A second call waits for the first. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (const task of this.#tasks.splice(0).reverse()) {
      try {
        await task();
      } catch (error) {
        this.#log.error({ error: String(error) }, 'something did not end as it should');
      }
    }
  }
}
