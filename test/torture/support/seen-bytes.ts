/** What left the program: every answer with its headers, every printed line. To look for secrets in. */
import { localFetch } from '../../api/local-fetch.ts';

export interface Seen {
  /** Where it was seen, for people. */
  readonly where: string;
  readonly text: string;
}

export class SeenBytes {
  readonly all: Seen[] = [];

  add(where: string, text: string): void {
    this.all.push({ where, text });
  }

  /** A page's `fetch` that keeps what it is answered. */
  fetchOf(origin: string): typeof globalThis.fetch {
    return this.#keeping(localFetch(origin));
  }

  /** Keeps what every `fetch` of this process is answered while `work` runs: that of the agents' library. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const own = globalThis.fetch;
    globalThis.fetch = this.#keeping(own);
    try {
      return await work();
    } finally {
      globalThis.fetch = own;
    }
  }

  #keeping(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const answer = await fetch(input, init);
      const path = new URL(input instanceof Request ? input.url : input).pathname;
      this.add(path, `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.clone().text()}`);
      return answer;
    };
  }
}
