import { z } from 'zod';
import { composeType } from '../compose-type.ts';
import type { CallFacts, TypeTerms } from '../details.ts';
import { exact, type Member, names } from '../members.ts';
import { joinWords, plain, strong } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

type Plain = string | number | boolean;
type Allowed = Readonly<Record<string, readonly Plain[]>>;

const plainValue = z.union([shownText(300), z.int(), z.boolean()], 'is not a text, a whole number, true or false');
const argumentName = z.string().regex(/^[\w.-]{1,60}$/, 'is not the name of an argument');

/** Arguments by name with the values that each may have. With it a call may have no other argument. */
const allowedArguments: Member<Allowed> = {
  schema: z
    .record(argumentName, z.array(plainValue).min(1, 'is empty').max(16, 'has more than 16 entries'))
    .refine((value) => Object.keys(value).length <= 16, 'has more than 16 entries')
    .refine((value) => Object.values(value).every((list) => new Set(list).size === list.length), 'names a value twice'),
  within: (child, parent) =>
    Object.entries(child).every(([name, values]) => {
      const allowed = Object.hasOwn(parent, name) ? parent[name] : undefined;
      return allowed !== undefined && values.every((value) => allowed.includes(value));
    }),
  canonical: (value) =>
    Object.fromEntries(Object.entries(value).map(([name, list]) => [name, list.map((one) => JSON.stringify(one)).toSorted()])),
  draw(value) {
    if (value === undefined) return [{ label: 'Arguments', kind: 'text', value: 'any', shrinks: false }];
    const lines = Object.entries(value);
    if (lines.length === 0) return [{ label: 'Arguments', kind: 'text', value: 'none', shrinks: false }];
    return lines.map(([name, list]) => ({
      at: `/${name}`,
      label: `Argument ${name}`,
      kind: 'text',
      value: list.map((one) => (typeof one === 'string' ? `“${one}”` : String(one))),
      shrinks: false,
    }));
  },
};

/** Tools of one MCP server. */
export const mcpToolCall = composeType({
  type: 'app.counterfoil.mcp-tool-call',
  title: 'Use tools of an MCP server',
  about:
    'Calls tools of the MCP server at `server`. With `arguments` a call has no others than those, each with one of the values listed; without it, any.',
  example: { server: 'https://mcp.mail.example/mcp', tools: ['send_email'], arguments: { to: ['team@acme.example'] } },
  members: {
    server: exact({
      label: 'Server',
      schema: shownText(300).refine(
        (text) => URL.canParse(text) && new URL(text).href === text && /^https?:/.test(text),
        'is not a URL in its normal form',
      ),
      kind: 'identifier',
    }),
    tools: names({ label: 'Tools', each: z.string().regex(/^[\w./-]{1,128}$/, 'is not the name of a tool'), mono: true }),
  },
  optional: { arguments: allowedArguments },
  sentence: ({ server, tools }) => [
    plain(tools.length === 1 ? 'Use the tool ' : 'Use the tools '),
    strong(joinWords(tools)),
    plain(' of '),
    strong(new URL(server).host),
  ],
  risk: ({ arguments: allowed }) =>
    allowed === undefined
      ? { level: 'high', reasons: ['Only the server knows what its tools do, and the agent may give them any arguments.'] }
      : { level: 'medium', reasons: ['Only the server knows what its tools do.'] },
  needs: neededFor,
});

/** JSON-RPC as MCP's streamable HTTP has it; whatever else stands in it refuses the call. */
const toolCall = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number()]),
  method: z.literal('tools/call'),
  params: z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()).optional() }),
});

/** The resource says by a rule at which path its MCP server is, and in `needs.server` what that server is called. */
function neededFor(call: CallFacts, { calls = [] }: TypeTerms): readonly Readonly<Record<string, unknown>>[] {
  const rule = calls.find(({ method, path }) => method === call.method && path === call.path);
  if (rule === undefined || call.query.size > 0) return [];
  const { success, data } = toolCall.safeParse(call.body);
  if (!success) return [];
  const { name, arguments: given = {} } = data.params;
  const named = { server: rule.needs['server'], tools: [name] };
  const listed = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, [value]]));
  // Arguments that could not be listed are covered by a detail that allows any, and by no other.
  return [allowedArguments.schema.safeParse(listed).success ? { ...named, arguments: listed } : named];
}
