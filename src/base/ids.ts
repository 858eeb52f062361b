import { createHash, randomBytes } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The OAuth `client_id` of an agent. Random, given by us at registration. */
export type AgentId = Branded<'AgentId'>;
/** One approval: a question to the person and its answer. */
export type ApprovalId = Branded<'ApprovalId'>;
/** One grant. Also the id of the authorization server's own Grant. */
export type GrantId = Branded<'GrantId'>;
/** One account of the person at one provider. */
export type ConnectionId = Branded<'ConnectionId'>;
/** A protected API, short and readable: it appears in `/proxy/<id>`. */
export type ResourceId = Branded<'ResourceId'>;
/** One page load or one IPC channel of the person's own programs. */
export type SessionId = Branded<'SessionId'>;
/** A signed record of one approval. */
export type ReceiptId = Branded<'ReceiptId'>;

/** Marks a string as an id of the wanted kind. Checks nothing: only for values that were read from our own store. */
export function asId<Id extends string>(value: string): Id {
  return value as Id;
}

/** A new random id, 128 bits, such as `grant_k2J…`. */
export function newId<Id extends string>(prefix: string): Id {
  return `${prefix}_${randomBytes(16).toString('base64url')}` as Id;
}

/** SHA-256 as base64url: how tokens, codes and `auth_req_id` values are stored (security rule 3). */
export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
