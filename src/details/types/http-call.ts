import { z } from 'zod';
import { composeType } from '../compose-type.ts';
import type { CallFacts, Risk } from '../details.ts';
import { limit, names, words } from '../members.ts';
import { urlPatterns } from '../path-patterns.ts';
import { joinWords, plain, strong } from '../plain-lists.ts';

const methods = {
  GET: 'GET, reads',
  HEAD: 'HEAD, reads',
  POST: 'POST, does something',
  PUT: 'PUT, replaces',
  PATCH: 'PATCH, changes',
  DELETE: 'DELETE, deletes',
} as const;

const mostBodyBytes = 1024 * 1024;

/** Calls of an API by method and path, where nobody has better words for them. */
export const httpCall = composeType({
  type: 'app.counterfoil.http-call',
  title: 'Call an API',
  about:
    'Calls of an API by method (`actions`) and path, relative to the resource. In `paths` a `*` stands for one segment and `**` at the end for one or more. ' +
    'A query may name only what `query` lists; without `maxBodyBytes` a call has no body.',
  example: { actions: ['GET'], paths: ['/documents/*'], query: ['page'] },
  members: {
    actions: words('Methods', methods),
    paths: urlPatterns('Paths'),
  },
  optional: {
    query: names({
      label: 'Query may name',
      none: 'nothing',
      each: z.string().regex(/^[\w.~[\]-]{1,60}$/, 'is not the name of a query parameter'),
      mono: true,
    }),
    maxBodyBytes: limit({ label: 'Body at most', unit: 'bytes', most: mostBodyBytes }),
  },
  sentence: ({ actions, paths }) => [
    plain('Send '),
    strong(joinWords(actions)),
    plain(actions.length === 1 ? ' requests to ' : ' requests, to '),
    strong(joinWords(paths)),
  ],
  risk({ actions, paths }): { level: Risk; reasons: string[] } {
    const writes = actions.filter((method) => method !== 'GET' && method !== 'HEAD');
    if (writes.length > 0)
      return {
        level: 'high',
        reasons: [`It can change things: ${joinWords(writes)} requests, whose meaning only the provider knows.`],
      };
    const wide = paths.some((path) => path.startsWith('/*'));
    if (wide) return { level: 'medium', reasons: ['It may read almost everything there.'] };
    // security: what lies below has other words, and another risk, where a type knows it
    const deep = paths.filter((path) => path.endsWith('/**'));
    return deep.length > 0
      ? { level: 'medium', reasons: [`It may read whatever lies below ${joinWords(deep.map((path) => path.slice(0, -3)))}.`] }
      : { level: 'low', reasons: [] };
  },
  needs: (call) => [neededFor(call)],
});

function neededFor({ method, path, query, body, bodyBytes }: CallFacts): Readonly<Record<string, unknown>> {
  const named = [...new Set(query.keys())];
  // security: rule 7, a body of unknown size is larger than any limit, and an empty one is a body
  const size = body === undefined ? 0 : Math.max(1, bodyBytes ?? Number.POSITIVE_INFINITY);
  return {
    actions: [method],
    paths: [path],
    ...(named.length > 0 && { query: named }),
    ...(size > 0 && { maxBodyBytes: size }),
  };
}
