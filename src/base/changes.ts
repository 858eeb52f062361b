/** What may have changed. A notice says "read this again"; it carries no order and never a secret. */
export const changeTopics = ['vault', 'approvals', 'grants', 'agents', 'connections', 'audit', 'settings', 'demo'] as const;

export type ChangeTopic = (typeof changeTopics)[number];

export interface ChangeNotice {
  readonly topic: ChangeTopic;
  /** The one thing that changed, when it was one thing. */
  readonly id?: string;
}

/** Change notices inside the process. Listeners run at once, in the order in which they came. */
export interface Changes {
  publish(notice: ChangeNotice): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (notice: ChangeNotice) => void): () => void;
}

/** A new, empty notice board. A listener that throws does not stop the others. */
export function createChanges(onError: (error: unknown) => void): Changes {
  const listeners = new Set<(notice: ChangeNotice) => void>();
  return {
    publish(notice) {
      for (const listener of [...listeners]) {
        try {
          listener(notice);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
