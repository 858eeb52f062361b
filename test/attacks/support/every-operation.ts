/** Every operation of the contract with an input that is well-formed, so that a new operation is attacked by itself. */
import { z } from 'zod';
import { type OperationName, operations } from '../../../src/contract/operations.ts';
import type { Decision } from './victim.ts';

export const operationNames = Object.keys(operations) as readonly OperationName[];

export const namesOf = (effect: 'reads' | 'lowers' | 'raises'): readonly OperationName[] =>
  operationNames.filter((name) => operations[name].effect === effect);

/** The input as it is sent: JSON text. Where a request is named, it is the one that waits. */
export function inputOf(name: OperationName, decision: Decision): string {
  const schema = z.toJSONSchema(operations[name].input, { io: 'input' }) as Schema;
  const known: Readonly<Record<string, unknown>> = name.startsWith('approvals.') ? { ...decision } : {};
  const input = Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([member]) => member in known || schema.required?.includes(member))
      .map(([member, shape]) => [member, known[member] ?? sample(shape)]),
  );
  operations[name].input.parse(input);
  return JSON.stringify(input);
}

interface Schema {
  readonly type?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

function sample(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf?.[0]) return sample(schema.anyOf[0]);
  if (schema.type === 'string') return textFor(schema.pattern);
  if (schema.type === 'boolean') return true;
  if (schema.type === 'array') return [];
  if (schema.type !== 'object') return 1;
  return Object.fromEntries((schema.required ?? []).map((member) => [member, sample(schema.properties?.[member] ?? {})]));
}

/** Text of a pattern of one kind of character and one length, such as a key; a new kind of pattern is to be added here. */
function textFor(pattern: string | undefined): string {
  const length = /\{(\d+)\}\$$/.exec(pattern ?? '')?.[1];
  return length === undefined ? 'something' : 'A'.repeat(Number(length));
}
