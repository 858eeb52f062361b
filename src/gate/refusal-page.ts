import type { CodedRow } from './protocol-errors.ts';
import { codedRows } from './protocol-errors.ts';

const introduction = `# Every refusal, and what a program does next

For people who write agents. Printed from the table that answers are made from; the running program serves this page at \`/errors\`.

**On the OAuth endpoints** (\`/register\`, \`/bc-authorize\`, \`/token\`, \`/introspect\`, \`/revoke\`) a refusal is \`application/json\` with \`error\` and
\`error_description\` (RFC 6749, 5.2). **Everywhere else**, and where a path, method, media type or size is refused before any endpoint is
reached, it is \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\` and \`detail\`; \`status\` is the HTTP status, and \`error\`
is the one in \`WWW-Authenticate\` where there is one. Both carry:

| member | meaning |
|---|---|
| \`code\` | which line of this page; tells apart what one \`error\` lumps together (locked, paused, starting, shutting down, busy) |
| \`next\` | what to do without a person, see below |
| \`hint\` | the same in a sentence |
| \`retry_after\` | seconds; the same as \`Retry-After\` |
| \`required_details\` | what a new request has to ask for |

A problem's \`type\` is \`urn:counterfoil:problem:\` and the code: a name, because an address on this machine would change with the port.
\`error_uri\` on the OAuth endpoints is this page. A refused \`Host\` or \`Origin\` gets a status and no body: a web page must not learn what runs here.

| \`next\` | do this |
|---|---|
| \`wait\` | send the same again after \`retry_after\` (a poll: after its \`interval\`), with a fresh proof and client assertion |
| \`sign again\` | send the same again at once with a fresh proof, and once only |
| \`refresh\` | get the next token by refresh; if that is refused, ask again |
| \`ask again\` | send a new request to \`/bc-authorize\`, for \`required_details\` where they are named |
| \`correct\` | this request will never pass; send another one |
| \`tell the person\` | stop; only the person can change it |
`;

const head = ['| code | OAuth endpoints | elsewhere | meaning | next |', '|---|---|---|---|---|'];

/** The page that lists every code, Markdown. */
export function renderRefusalPage(): string {
  const forAgents = codedRows.filter((row) => row.reader === 'agents');
  const forPerson = codedRows.filter((row) => row.reader === 'person');
  return [
    introduction,
    '## What agents meet\n',
    ...head,
    ...forAgents.map(lineOf),
    '',
    "## What only the person's own programs meet\n",
    "At the person's listener, the socket and the start of the program.\n",
    '| code | status | meaning |',
    '|---|---|---|',
    ...forPerson.map((row) => `| \`${row.code}\` | ${row.status} | ${row.title} |`),
    '',
  ].join('\n');
}

function lineOf(row: CodedRow): string {
  const { code, oauth, title, next, hint, retryAfterSeconds } = row;
  const after = retryAfterSeconds === undefined ? '' : ` (${retryAfterSeconds} s)`;
  return `| \`${code}\` | ${oauth.status} \`${oauth.error}\` (${oauth.section}) | ${elsewhere(row)} | ${title} | **${next}**${after}: ${hint} |`;
}

/** What the protocol's own errors never are: they are made at OAuth endpoints. */
function elsewhere({ code, oauth, status, challenge }: CodedRow): string {
  if (code === oauth.error) return '';
  if (challenge === undefined) return `${status}`;
  return challenge === null ? `${status}, \`WWW-Authenticate: DPoP\`` : `${status}, \`DPoP error="${challenge}"\``;
}
