/**
 * Two more things that the sample agent does when told so: it reads statements as files (`--only documents`), and it looks
 * up a rate and leaves a note by plain HTTP calls (`--only calls`). Each tries what it was not granted, too.
 */
import { type FileAccess, fileAccessType, type HttpCall, httpCallType } from './documents.ts';

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the agent lends to a task. */
export interface TaskTools<Granted> {
  readonly step: (text: string) => void;
  readonly ask: (details: readonly object[], message: string) => Promise<Granted>;
  readonly call: (granted: Granted, request: { path: string; method?: string; body?: unknown }) => Promise<Reply>;
  readonly show: (reply: Reply) => void;
}

const statements: FileAccess = { type: fileAccessType, actions: ['list', 'read'], paths: ['/statements/**'] };
const rate: HttpCall = { type: httpCallType, actions: ['GET'], paths: ['/rates/*'] };
const note: HttpCall = { type: httpCallType, actions: ['POST'], paths: ['/notes'], maxBodyBytes: 200 };

export async function readDocuments<Granted>({ step, ask, call, show }: TaskTools<Granted>): Promise<void> {
  step('Asking to list and read the statements');
  const granted = await ask([statements], 'Statements for the tax adviser');
  step('Listing and reading');
  show(await call(granted, { path: '/folders/statements' }));
  show(await call(granted, { path: '/documents/statements/2026-10.txt' }));
  step('Trying to read a contract');
  show(await call(granted, { path: '/documents/contracts/account.txt' }));
  step('Trying to delete a statement');
  show(await call(granted, { path: '/documents/statements/2026-10.txt', method: 'DELETE' }));
}

export async function callPlainly<Granted>({ step, ask, call, show }: TaskTools<Granted>): Promise<void> {
  step('Asking to look up rates and to leave a note');
  const granted = await ask([rate, note], 'Travel expenses');
  step('Looking up a rate, leaving a note');
  show(await call(granted, { path: '/rates/USD' }));
  show(await call(granted, { path: '/notes', method: 'POST', body: { text: 'Rates were looked up.' } }));
  step('Trying all rates, a query, and a note that is too long');
  show(await call(granted, { path: '/rates' }));
  show(await call(granted, { path: '/rates/USD?date=2026-01-01' }));
  show(await call(granted, { path: '/notes', method: 'POST', body: { text: 'x'.repeat(300) } }));
}
