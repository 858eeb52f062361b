import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPassphrase } from '../support/open-keep.ts';
import { ask, callProxy, type Granted, newAgent, openStory, type Story, signIn } from './open-story.ts';

const accounts = { type: 'account_information', actions: ['list_accounts'] };

let story: Story;
let revoked: Granted;
let kept: Granted;
let copy: string;

const client = () => story.now().page.client;
const database = (): string => join(story.folder, 'counterfoil.db');

/** What a program of the same user can do: put an older copy of the database in place of the newest. */
function putBack(): void {
  for (const suffix of ['-wal', '-shm']) rmSync(`${database()}${suffix}`, { force: true });
  copyFileSync(copy, database());
}

beforeAll(async () => {
  story = await openStory();
  await signIn(story);
  revoked = await ask(story, await newAgent(story), { details: [accounts], narrowing: { lifetime: '1h' } });
  kept = await ask(story, await newAgent(story), { details: [accounts], narrowing: { lifetime: '1h' } });
  expect((await callProxy(revoked, '/accounts')).status).toBe(200);
});
afterAll(() => story.close());

test('a revocation that was undone by putting the database back is found; every grant stands still (security rule 8)', async () => {
  copy = `${database()}.older`;
  await client().call('settings.change', { approveLowRiskOnNotification: true }, testPassphrase);
  await story.restart(() => copyFileSync(database(), copy));
  expect((await callProxy(revoked, '/accounts')).status).toBe(200);
  await client().call('settings.change', { approveLowRiskOnNotification: false }, testPassphrase);
  await client().call('grants.revoke', { ids: [revoked.grantId] });
  expect((await callProxy(revoked, '/accounts')).status).toBe(401);
  await story.restart(putBack);
  const { gap } = await client().call('status.get', {});
  expect((await client().call('status.get', {})).settings.approveLowRiskOnNotification).toBe(true);
  expect(gap?.findings.map(({ kind }) => kind)).toEqual(['older_data']);
  for (const granted of [revoked, kept]) {
    const answer = await callProxy(granted, '/accounts');
    expect(answer).toMatchObject({ status: 503, retryAfter: '60' });
    expect(answer.body).toMatchObject({ code: 'state_gap' });
  }
});

test('nothing is approved while the question is open, and it outlives a restart', async () => {
  await expect(ask(story, kept.agent, { details: [accounts] })).rejects.toMatchObject({ refusal: { code: 'state_gap' } });
  await story.restart();
  expect((await client().call('status.get', {})).gap).toBeDefined();
  expect((await callProxy(kept, '/accounts')).status).toBe(503);
});

test('the person says with presence what goes on; the rest ends', async () => {
  const answer = { keepGrantIds: [kept.grantId] };
  await expect(client().call('gap.answer', answer)).rejects.toMatchObject({ refusal: { code: 'presence_required' } });
  expect(await client().call('gap.answer', answer, testPassphrase)).toEqual({ kept: 1, ended: 1, suspended: 1 });
  const { agents } = await client().call('agents.list', {});
  expect(agents.find(({ id }) => id === revoked.agent.id)?.state).toBe('suspended');
  expect(agents.find(({ id }) => id === kept.agent.id)?.state).toBe('accepted');
  expect((await client().call('status.get', {})).settings.approveLowRiskOnNotification).toBe(false);
  expect((await callProxy(revoked, '/accounts')).status).toBe(401);
  expect((await callProxy(kept, '/accounts')).status).toBe(200);
  await story.restart();
  expect((await client().call('status.get', {})).gap).toBeUndefined();
  const { entries } = await client().call('audit.list', { limit: 100 });
  expect(entries.map(({ event }) => event)).toEqual(expect.arrayContaining(['state.gap_found', 'state.gap_answered']));
});
