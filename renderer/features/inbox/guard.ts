/** How long a card must have been in sight, unchanged and in front, before it can be decided. Milliseconds. */
export const guardMs = 700;

export interface GuardState {
  /** When the card appeared or changed, or the window came to the front: the latest of them. */
  readonly since: number;
  readonly inFront: boolean;
}

/** Milliseconds until a decision is accepted; infinite while the window is not in front. */
export function guardRemaining(state: GuardState, now: number): number {
  if (!state.inFront) return Number.POSITIVE_INFINITY;
  return Math.max(0, guardMs - (now - state.since));
}
