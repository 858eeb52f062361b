/** The shapes that the person's programs see. No secret has a field here. Instants are milliseconds since the epoch. */
import { z } from 'zod';

export const risk = z.enum(['low', 'medium', 'high']);
export const lifetime = z.enum(['once', '15m', '1h', 'today', '30d']);
export const sentence = z.array(z.object({ text: z.string(), strong: z.boolean().optional() }));
/** `known`: reported by the system or by us. `claim`: written by the agent. `unverified`: could not be checked. */
export const fact = z.object({
  label: z.string(),
  value: z.string(),
  standing: z.enum(['known', 'claim', 'unverified']),
  mono: z.boolean().optional(),
});
/** One `authorization_details` object. */
export const detail = z.looseObject({ type: z.string() });

/** Something that does not fit what was kept: data that was put back, cut, or changed from outside. */
export const gapFinding = z.object({
  kind: z.enum([
    'older_data',
    'log_cut',
    'log_rewritten',
    'row_put_back',
    'row_returned',
    'row_vanished',
    'head_damaged',
    'copy_missing',
    'copy_damaged',
  ]),
  /** What the row is about, for example "a grant of Claude Code". */
  what: z.string().optional(),
  /** Changes or entries that are missing. */
  missing: z.number().optional(),
  /** The newest change that is here, and the newest that is known. */
  from: z.number().optional(),
  to: z.number().optional(),
});

/** The question that stops every grant until it is answered (security rule 8). */
export const gap = z.object({
  /** `rows`: records may be older than they were, so that the answer lowers agents and settings, too. */
  foundAt: z.number(),
  findings: z.array(gapFinding),
  more: z.number(),
  rows: z.boolean(),
});

export const status = z.object({
  vault: z.enum(['absent', 'locked', 'unlocked']),
  /** True when this very page or channel was given the factor (security rule 1). */
  unlockedHere: z.boolean(),
  paused: z.boolean(),
  /** Where keys rest; `file` means the passphrase carries the whole weight, and the UI says so. */
  protection: z.object({ kind: z.enum(['os', 'file', 'memory']), description: z.string() }),
  /** What agents talk to, for example `http://127.0.0.1:7417`. */
  issuer: z.string(),
  gap: gap.optional(),
  notifications: z.enum(['ready', 'changed', 'absent']),
  settings: z.object({ approveLowRiskOnNotification: z.boolean(), acceptUnknownTypes: z.boolean() }),
  /** `lost`: what opens the vault was changed from outside, so earlier codes are not accepted any more. */
  recovery: z.object({
    state: z.enum(['none', 'untested', 'tested', 'lost']),
    /** When it was made, tested or lost. */
    at: z.number().optional(),
    /** A code that was tested before opens until the new one is tested. */
    olderWorks: z.boolean().optional(),
  }),
  /** Something that this installation needs was not there at start. A recovery code opens without it. */
  missing: z.object({ message: z.string(), hint: z.string().optional() }).optional(),
  counts: z.object({ pending: z.number(), grants: z.number(), agents: z.number(), connections: z.number() }),
  version: z.string(),
});

export const approvalSummary = z.object({
  id: z.string(),
  agentName: z.string(),
  agentIsNew: z.boolean(),
  sentence,
  risk,
  state: z.enum(['pending', 'approved', 'denied', 'expired', 'cancelled']),
  createdAt: z.number(),
  expiresAt: z.number(),
});

export const detailField = z.object({
  /** JSON Pointer inside the detail. */
  pointer: z.string(),
  label: z.string(),
  kind: z.enum(['text', 'amount', 'choices', 'identifier', 'limit', 'time']),
  value: z.union([z.string(), z.array(z.string())]),
  unit: z.string().optional(),
  /** For times: whether a narrower one is later or earlier. */
  bound: z.enum(['earliest', 'latest']).optional(),
  enforcedBy: z.array(z.enum(['upstream', 'broker', 'none'])),
  narrowable: z.boolean(),
  choiceLabels: z.record(z.string(), z.string()).optional(),
  mono: z.boolean().optional(),
});

export const card = z.object({
  id: z.string(),
  version: z.number(),
  state: approvalSummary.shape.state,
  /** Why it was cancelled, when the agent was the reason. */
  withdrawn: z.enum(['by-agent', 'polled-too-fast']).optional(),
  createdAt: z.number(),
  expiresAt: z.number(),
  askedDigest: z.string(),
  agent: z.object({
    id: z.string(),
    /** The person's name for it, or the agent's claim when `isNew`. */
    name: z.string(),
    isNew: z.boolean(),
    resemblesAnother: z.boolean(),
    acceptedAt: z.number().optional(),
    callCount: z.number(),
  }),
  program: z.array(fact),
  sentence,
  lead: sentence,
  resourceName: z.string(),
  risk,
  riskReasons: z.array(z.string()),
  presence: z.enum(['session', 'passphrase']),
  details: z.array(
    z.object({
      detail,
      title: z.string(),
      sentence,
      /** False: every member is drawn, and none can be narrowed. */
      known: z.boolean(),
      fields: z.array(detailField),
    }),
  ),
  scopes: z.array(z.string()),
  /** False: it only asks whether another program may go on with a grant; nothing but the time can be chosen. */
  narrowable: z.boolean(),
  /** The agent's own words. */
  claim: z.string().optional(),
  lifetimes: z.array(lifetime),
});

/** The person's narrower answer. */
export const narrowing = z.object({ details: z.array(detail), scopes: z.array(z.string()), lifetime });

export const preview = z.object({
  grantedDigest: z.string(),
  sentence,
  /** One for each detail of the answer, in its order. */
  parts: z.array(sentence),
  consequences: z.array(fact),
  expiresAt: z.number(),
});

export const grant = z.object({
  id: z.string(),
  agentId: z.string(),
  agentName: z.string(),
  agentSince: z.number().optional(),
  sentence,
  resourceName: z.string(),
  connectionName: z.string(),
  risk,
  live: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.number(),
  once: z.boolean(),
  usesAllowed: z.number().optional(),
  uses: z.number(),
  lastUsedAt: z.number().optional(),
  endedAt: z.number().optional(),
  endedBy: z.enum(['revoked', 'expired', 'used_up']).optional(),
  /** What the provider said about the end of the token it had issued. */
  upstreamEnd: z.enum(['none', 'pending', 'confirmed', 'failed']),
  /** Until when a token may still be accepted that nobody can stop, because its server verifies it without asking. */
  unstoppableUntil: z.number().optional(),
  detailJson: z.string(),
  /** What the final card showed, as the receipt and the token name it. */
  grantedDigest: z.string().optional(),
});

export const agent = z.object({
  id: z.string(),
  name: z.string().optional(),
  claimedName: z.string(),
  state: z.enum(['pending', 'accepted', 'suspended']),
  registeredAt: z.number(),
  acceptedAt: z.number().optional(),
  keyThumbprint: z.string(),
  program: z.array(fact),
  liveGrants: z.number(),
});

export const property = z.object({ label: z.string(), holds: z.enum(['yes', 'partly', 'no']), reason: z.string() });

export const connection = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  state: z.enum(['signed_out', 'signing_in', 'signed_in', 'needs_sign_in']),
  account: z.string().optional(),
  signedInAt: z.number().optional(),
  rung: z.object({ number: z.number(), title: z.string(), meaning: z.string() }),
  /** Scoped, short-lived, audited per call, revocable one by one. */
  properties: z.array(property),
  resources: z.array(z.object({ id: z.string(), name: z.string(), baseUrl: z.string(), detailTypes: z.array(z.string()) })),
});

export const newLocalResource = z.object({
  name: z.string().max(200),
  url: z.string().max(400),
  detailTypes: z.array(z.string().max(120)).max(64),
  scopes: z.array(z.string().max(120)).max(64),
  key: z.string().max(2000).optional(),
});

export const localResource = z.object({
  id: z.string(),
  name: z.string(),
  /** Also its resource indicator, as agents name it. */
  url: z.string(),
  detailTypes: z.array(z.string()),
  scopes: z.array(z.string()),
  verifiedBy: z.enum(['signature', 'introspection']),
  keyThumbprint: z.string().optional(),
  addedAt: z.number(),
});

export const auditEntry = z.object({
  seq: z.number(),
  ts: z.string(),
  event: z.string(),
  /** The event in words. */
  summary: z.string(),
  agentName: z.string().optional(),
  grantId: z.string().optional(),
  outcome: z.string().optional(),
  reason: z.string().optional(),
  hash: z.string(),
  /** The whole entry, pretty-printed JSON. */
  json: z.string(),
});

export const demoState = z.object({
  state: z.enum(['off', 'starting', 'sign_in', 'running', 'failed']),
  connectionId: z.string().optional(),
  /** The provider's sign-in page, when the browser could not be opened. */
  authorizationUrl: z.string().optional(),
  message: z.string().optional(),
});

export type Status = z.infer<typeof status>;
export type ApprovalSummary = z.infer<typeof approvalSummary>;
export type CardView = z.infer<typeof card>;
export type DetailFieldView = z.infer<typeof detailField>;
export type FactView = z.infer<typeof fact>;
export type NarrowingInput = z.infer<typeof narrowing>;
export type PreviewView = z.infer<typeof preview>;
export type GrantView = z.infer<typeof grant>;
export type AgentView = z.infer<typeof agent>;
export type ConnectionView = z.infer<typeof connection>;
export type LocalResourceView = z.infer<typeof localResource>;
export type AuditEntryView = z.infer<typeof auditEntry>;
export type DemoStateView = z.infer<typeof demoState>;
export type LifetimeName = z.infer<typeof lifetime>;
export type GapView = z.infer<typeof gap>;
export type GapFindingView = z.infer<typeof gapFinding>;
export type SentenceView = z.infer<typeof sentence>;
