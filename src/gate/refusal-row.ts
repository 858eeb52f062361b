/** How an OAuth endpoint spells a refusal. */
export interface OAuthSpelling {
  readonly error: string;
  readonly status: number;
  /** Where the error is defined; for one that is ours, the section that it follows. */
  readonly section: string;
}

/**
 * What a program does next without a person:
 * - `wait`: send the same again after `retry_after`, with a fresh proof and a fresh client assertion
 * - `sign again`: send the same again at once, with a fresh proof
 * - `refresh`: get the next token by refresh; if that is refused too, ask again
 * - `ask again`: send a new request to `/bc-authorize`
 * - `correct`: this request will never pass; send another one
 * - `tell the person`: stop; only the person can change it
 */
export type NextStep = 'wait' | 'sign again' | 'refresh' | 'ask again' | 'correct' | 'tell the person';

/** Who may meet it: agents at their listener, or only the person's own programs. */
export type Reader = 'agents' | 'person';

/** One refusal on every wire. */
export interface RefusalRow {
  readonly reader: Reader;
  /** HTTP status where problems are spoken (RFC 9457). */
  readonly status: number;
  /** Never changes with the request. Begins the explanation on the page of all codes. */
  readonly title: string;
  readonly oauth: OAuthSpelling;
  /** `error` of the DPoP challenge at a protected resource (RFC 9449, 7.1); `null`: a challenge without an error. */
  readonly challenge?: string | null;
  readonly next: NextStep;
  /** What to do next, in one sentence; a refusal may say it better. */
  readonly hint: string;
  /** Seconds. */
  readonly retryAfterSeconds?: number;
}
