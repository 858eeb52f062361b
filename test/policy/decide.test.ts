import { describe, expect, test } from 'vitest';
import { decide, type PolicyFacts } from '../../src/policy/policy.ts';

const facts: PolicyFacts = {
  agent: { state: 'accepted' },
  paused: false,
  details: [{ type: 'account_information', actions: ['list_accounts'] }],
  risk: 'low',
  unknownType: false,
  unknownTypesAllowed: false,
  programVerified: true,
  programChanged: false,
};

describe('policy', () => {
  test('an accepted agent in a verified program asks at the risk of its details', () => {
    for (const risk of ['low', 'medium', 'high'] as const) {
      expect(decide({ ...facts, risk })).toEqual({ decision: 'ask', risk, rule: 'default-ask', reasons: [] });
    }
  });

  test('a program that could not be verified is medium risk at least (security rule 20)', () => {
    expect(decide({ ...facts, programVerified: false })).toMatchObject({ risk: 'medium', reasons: [expect.any(String)] });
    expect(decide({ ...facts, programVerified: false, risk: 'high' }).risk).toBe('high');
  });

  test('a new agent is medium risk at least, and may ask', () => {
    expect(decide({ ...facts, agent: { state: 'pending' } })).toMatchObject({ decision: 'ask', risk: 'medium' });
  });

  test.each([
    ['agent-suspended', { agent: { state: 'suspended' } }],
    ['agent-removed', { agent: { state: 'removed' } }],
    ['agents-paused', { paused: true }],
    ['no-details', { details: [] }],
    ['unknown-type', { unknownType: true }],
  ] as const)('%s forbids', (rule, change) => {
    expect(decide({ ...facts, ...change })).toMatchObject({ decision: 'forbid', rule });
  });

  test('a type that is not known may be asked for where the person allowed that (security rule 2)', () => {
    expect(decide({ ...facts, unknownType: true, unknownTypesAllowed: true, risk: 'high' })).toMatchObject({
      decision: 'ask',
      risk: 'high',
    });
  });

  test('nothing is permitted without the person', () => {
    expect(decide(facts).decision).not.toBe('permit');
  });
});
