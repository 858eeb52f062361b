import { z } from 'zod';
import type { Detail } from './details.ts';
import { detailTypeOf, isKnownType } from './registry.ts';

/** What is published of a type, for whoever writes an agent. */
export interface PublishedType {
  readonly type: string;
  readonly title: string;
  readonly about: string;
  readonly example: Detail;
  readonly once: boolean;
  /** JSON Schema, 2020-12. What it cannot say, such as "no invisible characters", is refused all the same. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** `undefined` for a type that is not known. */
export function publishedType(name: string): PublishedType | undefined {
  if (!isKnownType(name)) return undefined;
  const { type, title, about, example, once, schema } = detailTypeOf({ type: name });
  if (schema === undefined) return undefined;
  return { type, title, about, example, once, schema: { title, ...z.toJSONSchema(schema, { io: 'input' }), description: about } };
}
