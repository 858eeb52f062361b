/** What clients of the core were told before it was killed: none of it may be lost, and none of it undone. */
export interface Ledger {
  /** `auth_req_id` values that an agent holds. */
  readonly asked: Set<string>;
  /** Grants by the approval that the person was told is given. */
  readonly approved: Map<string, string>;
  readonly denied: Set<string>;
  /** Grants that the person was told have ended. */
  readonly revoked: Set<string>;
  /** Tokens that an agent holds, each with the `auth_req_id` it comes from. */
  readonly tokens: Map<string, { readonly kind: 'access' | 'refresh'; readonly authReqId: string }>;
  /** Calls that were answered from upstream, by `auth_req_id`. */
  readonly calls: Map<string, number>;
  /** Audit entries that the person has read: hash by `seq`. */
  readonly read: Map<number, string>;
  /** What the person last did to an agent, and was told it is done. */
  readonly agents: Map<string, 'accepted' | 'suspended'>;
  /** Calls that arrived upstream, by the SHA-256 of the token that they came with. */
  readonly arrived: Map<string, number>;
  /** Answers that no client should get. */
  readonly surprises: string[];
}

export function newLedger(): Ledger {
  return {
    asked: new Set(),
    approved: new Map(),
    denied: new Set(),
    revoked: new Set(),
    tokens: new Map(),
    calls: new Map(),
    read: new Map(),
    agents: new Map(),
    arrived: new Map(),
    surprises: [],
  };
}

/** How many things clients were told. */
export function countOf(ledger: Ledger): number {
  return answersIn(ledger) + ledger.read.size;
}

/** How many answers changed something for a client: without what the person read, which comes by the page. */
export function answersIn({ asked, approved, denied, revoked, tokens, calls }: Ledger): number {
  const forwarded = [...calls.values()].reduce((sum, count) => sum + count, 0);
  return [asked, approved, denied, revoked, tokens].reduce((sum, { size }) => sum + size, forwarded);
}
