/**
 * What the person's programs may ask, and nothing else: one table for the window (IPC), the browser (HTTP) and the
 * command line (socket).
 *
 * Every operation says what it does to authority (security rules 1 and 2): `reads` nothing secret, `lowers`, or `raises`.
 * Each `raises` needs presence confirmed in the core: a passphrase sealed for this very call (`presence.ts`). The one
 * exception is a low-risk `approvals.approve`, for which the session that unlocked the vault is enough; the core decides.
 */
import { z } from 'zod';
import * as shapes from './shapes.ts';

type Effect = 'reads' | 'lowers' | 'raises';

interface OperationDefinition {
  readonly effect: Effect;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

const nothing = z.object({});
const done = z.object({});
const byId = z.object({ id: z.string().max(120) });

const defineOperations = <const Table extends Readonly<Record<string, OperationDefinition>>>(table: Table): Table => table;

export const operations = defineOperations({
  'status.get': { effect: 'reads', input: nothing, output: shapes.status },
  /** Proves by the server's key who answers here; for clients that pinned it (security rule 29). */
  'server.prove': {
    effect: 'reads',
    input: z.object({ challenge: z.string().max(64) }),
    output: z.object({ proof: z.string() }),
  },
  'passphrase.suggest': { effect: 'reads', input: nothing, output: z.object({ passphrase: z.string(), bits: z.number() }) },
  /** A nonce for one presence confirmation; single use, 120 seconds. */
  'presence.begin': { effect: 'reads', input: nothing, output: z.object({ nonce: z.string(), expiresAt: z.number() }) },

  /** The passphrase of the call's presence becomes the first factor. Only while there is no vault. */
  'vault.create': { effect: 'raises', input: nothing, output: done },
  /** The call's presence unlocks, and makes this session the one that was given the factor. */
  'vault.unlock': { effect: 'raises', input: nothing, output: done },
  'vault.lock': { effect: 'lowers', input: nothing, output: done },
  /** While locked: the call's presence holds a recovery code and the passphrase that is to be. Unlocks as `vault.unlock` does. */
  'vault.recover': { effect: 'raises', input: nothing, output: done },

  /** The call's presence holds the passphrase and the one that is to be. */
  'passphrase.change': { effect: 'raises', input: nothing, output: done },
  /** A new recovery code, sealed to the page's key (`sealed-reply.ts`) and shown once. */
  'recovery.make': {
    effect: 'raises',
    input: z.object({ replyKey: z.string().regex(/^[\w-]{87}$/) }),
    output: z.object({ sealedCode: z.string() }),
  },
  /** The call's presence holds the code, typed back from paper. */
  'recovery.confirm': { effect: 'raises', input: nothing, output: done },

  'approvals.list': {
    effect: 'reads',
    input: nothing,
    output: z.object({ pending: z.array(shapes.approvalSummary), recent: z.array(shapes.approvalSummary) }),
  },
  'approvals.card': { effect: 'reads', input: byId, output: shapes.card },
  'approvals.preview': { effect: 'reads', input: byId.extend({ narrowing: shapes.narrowing }), output: shapes.preview },
  'approvals.approve': {
    effect: 'raises',
    input: byId.extend({
      cardVersion: z.number(),
      askedDigest: z.string(),
      grantedDigest: z.string(),
      narrowing: shapes.narrowing,
      agentName: z.string().max(60).optional(),
    }),
    output: z.object({ grantId: z.string() }),
  },
  'approvals.deny': { effect: 'lowers', input: byId.extend({ reason: z.string().max(200).optional() }), output: done },

  'grants.list': { effect: 'reads', input: nothing, output: z.object({ grants: z.array(shapes.grant) }) },
  'grants.revoke': {
    effect: 'lowers',
    input: z.object({ ids: z.array(z.string()).max(1000) }),
    output: z.object({ ended: z.number() }),
  },
  'grants.revokeAll': { effect: 'lowers', input: nothing, output: z.object({ ended: z.number() }) },

  /**
   * Which grants go on after data was put back; the others end. Where rows may be older than they were, agents without a kept grant are
   * suspended and approving on notifications is turned off, too.
   */
  'gap.answer': {
    effect: 'raises',
    input: z.object({ keepGrantIds: z.array(z.string().max(120)).max(10_000) }),
    output: z.object({ kept: z.number(), ended: z.number(), suspended: z.number() }),
  },

  'agents.list': { effect: 'reads', input: nothing, output: z.object({ agents: z.array(shapes.agent) }) },
  'agents.suspend': { effect: 'lowers', input: byId, output: done },
  'agents.resume': { effect: 'raises', input: byId, output: done },
  'agents.remove': { effect: 'lowers', input: byId, output: done },
  'agents.pauseAll': { effect: 'lowers', input: nothing, output: done },
  'agents.resumeAll': { effect: 'raises', input: nothing, output: done },

  'connections.list': {
    effect: 'reads',
    input: nothing,
    output: z.object({
      connections: z.array(shapes.connection),
      /** Servers on this computer that verify our tokens themselves, and what one may understand. */
      local: z.array(shapes.localResource),
      detailTypes: z.array(z.object({ type: z.string(), title: z.string() })),
      presets: z.array(z.object({ id: z.string(), name: z.string(), issuer: z.string(), added: z.boolean() })),
    }),
  },
  'connections.add': { effect: 'raises', input: z.object({ presetId: z.string().max(60) }), output: z.object({ id: z.string() }) },
  'connections.signIn': {
    effect: 'raises',
    input: byId,
    output: z.object({ authorizationUrl: z.string(), opened: z.boolean() }),
  },
  'connections.signOut': { effect: 'lowers', input: byId, output: done },

  /** A server on this computer. With `key`, a public JWK, it asks us about tokens; without, it checks signatures itself. */
  'resources.add': { effect: 'raises', input: shapes.newLocalResource, output: z.object({ id: z.string() }) },
  /** Ends its grants, too. */
  'resources.remove': { effect: 'lowers', input: byId, output: done },

  'audit.list': {
    effect: 'reads',
    input: z.object({
      before: z.number().optional(),
      limit: z.number().int().min(1).max(200).optional(),
      search: z.string().max(200).optional(),
    }),
    output: z.object({ entries: z.array(shapes.auditEntry), more: z.boolean() }),
  },
  'audit.verify': {
    effect: 'reads',
    input: nothing,
    output: z.object({ intact: z.boolean(), count: z.number(), head: z.string(), brokenAt: z.number().optional() }),
  },

  'settings.change': {
    effect: 'raises',
    input: z.object({ approveLowRiskOnNotification: z.boolean().optional(), acceptUnknownTypes: z.boolean().optional() }),
    output: done,
  },

  /** Starts the demonstration: servers, connection, sign-in, agent. */
  'demo.start': { effect: 'raises', input: nothing, output: shapes.demoState },
  'demo.state': { effect: 'reads', input: nothing, output: shapes.demoState },
});

export type OperationName = keyof typeof operations;
export type OperationInput<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>;
export type OperationOutput<Name extends OperationName> = z.output<(typeof operations)[Name]['output']>;

/** True for a name in the table, and not for what objects inherit. */
export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}
