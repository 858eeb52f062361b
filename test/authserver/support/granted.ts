import type { Narrowing } from '../../../src/approvals/approvals.ts';
import type { GrantId } from '../../../src/base/ids.ts';
import { asId } from '../../../src/base/ids.ts';
import type { Door } from './open-authserver.ts';
import type { StockAgent } from './stock-agent.ts';
import { question } from './stock-agent.ts';

export interface Granted {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly grantId: GrantId;
  readonly authReqId: string;
}

/** How the person narrows, and what else the agent sends. */
type Asked = Partial<Narrowing> & { readonly parameters?: Readonly<Record<string, string>> };

/** The agent asks, the person approves, the agent has its tokens. */
export async function granted(door: Door, agent: StockAgent, how: Asked = {}): Promise<Granted> {
  const { parameters = {}, ...narrowing } = how;
  const asked = await agent.post('/bc-authorize', { ...question(agent.resource), ...parameters });
  const authReqId = String(asked.body['auth_req_id']);
  const approval = door.approvals.listPending().find((one) => one.agentId === agent.id);
  if (approval === undefined) throw new Error(`nothing asked: ${JSON.stringify(asked.body)}`);
  const { grantId } = door.approve(approval, narrowing);
  const { body } = await agent.poll(authReqId);
  if (typeof body['access_token'] !== 'string') throw new Error(`no token: ${JSON.stringify(body)}`);
  return {
    accessToken: body['access_token'],
    refreshToken: String(body['refresh_token']),
    grantId: asId<GrantId>(grantId ?? ''),
    authReqId,
  };
}
