import type { ContractClient } from '../contract/client.ts';
import type { Status } from '../contract/shapes.ts';
import { printFields, printJson, printTable, type Terminal } from './terminal.ts';
import { counted, instantText, sentenceText, untilText } from './words.ts';

/** What a command works with. */
export interface Scene {
  readonly client: ContractClient;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly now: () => number;
}

export async function showStatus({ client, terminal, json }: Scene): Promise<void> {
  const status = await client.call('status.get', {});
  if (json) printJson(terminal, status);
  else printFields(terminal, statusFields(status));
}

const gapField = ['grants', 'all stand still: the data may not be what it was; answer in the window'] as const;

function statusFields(status: Status): readonly (readonly [string, string])[] {
  const { pending, grants, agents, connections } = status.counts;
  return [
    ['vault', status.vault === 'absent' ? 'not set up yet' : status.vault],
    ['agents may ask', status.paused ? 'no, all are paused' : 'yes'],
    ...(status.gap === undefined ? [] : [gapField]),
    ['server', status.issuer],
    ['keys rest in', status.protection.description],
    [
      'now',
      [
        counted(pending, 'waiting request'),
        counted(grants, 'live grant'),
        counted(agents, 'agent'),
        counted(connections, 'connection'),
      ].join(', '),
    ],
    ['version', status.version],
  ];
}

export async function showPending({ client, terminal, json, now }: Scene): Promise<void> {
  const { pending } = await client.call('approvals.list', {});
  if (json) return printJson(terminal, pending);
  if (pending.length === 0) terminal.err('Nothing waits for you.');
  printTable(
    terminal,
    ['ID', 'RISK', 'EXPIRES IN', 'REQUEST'],
    pending.map((item) => [item.id, item.risk, untilText(item.expiresAt, now()), sentenceText(item.sentence)]),
  );
}

export async function showGrants({ client, terminal, json, now }: Scene, options: { readonly all: boolean }): Promise<void> {
  const { grants } = await client.call('grants.list', {});
  const shown = grants.filter(({ live }) => live || options.all);
  if (json) return printJson(terminal, shown);
  if (shown.length === 0)
    terminal.err(options.all ? 'There has been no grant.' : 'No grant is live; --all shows those that ended.');
  printTable(
    terminal,
    ['ID', 'AGENT', 'ENDS IN', 'USES', 'GRANT'],
    shown.map((grant) => [
      grant.id,
      grant.agentName,
      grant.live ? untilText(grant.expiresAt, now()) : (grant.endedBy ?? 'ended'),
      grant.usesAllowed === undefined ? String(grant.uses) : `${grant.uses}/${grant.usesAllowed}`,
      sentenceText(grant.sentence),
    ]),
  );
}

export async function showAgents({ client, terminal, json }: Scene): Promise<void> {
  const { agents } = await client.call('agents.list', {});
  if (json) return printJson(terminal, agents);
  if (agents.length === 0) terminal.err('No agent has registered.');
  printTable(
    terminal,
    ['ID', 'NAME', 'STATE', 'GRANTS', 'REGISTERED'],
    agents.map((agent) => [
      agent.id,
      agent.name ?? `"${agent.claimedName}" (its claim)`,
      agent.state,
      String(agent.liveGrants),
      instantText(agent.registeredAt),
    ]),
  );
}

export async function showAudit(
  { client, terminal, json }: Scene,
  options: { readonly limit: number; readonly search?: string },
): Promise<void> {
  const { entries, more } = await client.call('audit.list', options);
  if (json) return printJson(terminal, entries);
  if (entries.length === 0) terminal.err('No entry fits.');
  printTable(
    terminal,
    ['SEQ', 'TIME', 'WHAT'],
    entries.map((entry) => [String(entry.seq), entry.ts, entry.summary]),
  );
  if (more) terminal.err('There are older entries; --limit shows more.');
}

/** Checks the chain of the log. Returns whether it is intact. */
export async function verifyAudit({ client, terminal, json }: Scene): Promise<boolean> {
  const result = await client.call('audit.verify', {});
  if (json) printJson(terminal, result);
  else if (result.intact)
    printFields(terminal, [
      ['chain', `intact, ${counted(result.count, 'entry').replace('entrys', 'entries')}`],
      ['head', result.head],
    ]);
  else terminal.err(`The chain is broken at entry ${result.brokenAt ?? '?'}: the log was changed.`);
  return result.intact;
}
