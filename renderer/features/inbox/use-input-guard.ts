import { useEffect, useRef, useState } from 'react';
import { type GuardState, guardRemaining } from './guard.ts';

export interface InputGuard {
  /** For drawing: whether Approve is filled. */
  readonly open: boolean;
  /** For deciding, at the moment of the key or click. */
  readonly passes: () => boolean;
}

function isInFront(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/**
 * Ignores decisions for 700 ms after a card appeared or changed, and while the window is not in front: a click meant
 * for something else does not land on Approve.
 *
 * @param shown What is on the card, as one string. Another string starts the wait again.
 */
export function useInputGuard(shown: string): InputGuard {
  // security: goal A3, no decision before the card could be seen
  const state = useRef<GuardState>({ since: Number.POSITIVE_INFINITY, inFront: false });
  const [openFor, setOpenFor] = useState<string>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restart = () => {
      clearTimeout(timer);
      setOpenFor(undefined);
      state.current = { since: performance.now(), inFront: isInFront() };
      const remaining = guardRemaining(state.current, performance.now());
      if (Number.isFinite(remaining)) timer = setTimeout(() => setOpenFor(shown), remaining);
    };
    restart();
    window.addEventListener('focus', restart);
    window.addEventListener('blur', restart);
    document.addEventListener('visibilitychange', restart);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('focus', restart);
      window.removeEventListener('blur', restart);
      document.removeEventListener('visibilitychange', restart);
    };
  }, [shown]);
  return {
    open: openFor === shown,
    passes: () => guardRemaining({ ...state.current, inFront: state.current.inFront && isInFront() }, performance.now()) === 0,
  };
}
