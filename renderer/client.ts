/**
 * How features reach the core: one client of the contract, and hooks over it.
 *
 * A *read* is a query by operation name and input; a change notice says "read this again" and by its topic decides
 * which. An *act* changes something; its passphrase, if it needs one, goes into one call and is kept nowhere.
 */
import { type QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useEffect, useRef } from 'react';
import { type ChangeNoticeView, type ContractClient, RefusedError, type Typed } from '../src/contract/client.ts';
import type { OperationInput, OperationName, OperationOutput } from '../src/contract/operations.ts';
import type { Problem } from './ui/problem.tsx';

/** What every read and act throws: a problem in words. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, cause: unknown) {
    super(problem.message, { cause });
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** An error as a problem in words. A refusal speaks for itself; anything else means that the core did not answer. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (!(error instanceof RefusedError)) {
    return {
      code: 'unreachable',
      message: 'Counterfoil did not answer.',
      hint: 'It may have been closed. Nothing was changed by this page.',
    };
  }
  const { code, message, hint, retryAfterSeconds } = error.refusal;
  const waitUntil = retryAfterSeconds === undefined ? undefined : Date.now() + retryAfterSeconds * 1000;
  return { code, message, hint, waitUntil };
}

/** The problem of a query or mutation, if it has one. */
export function problemOf(error: unknown): Problem | undefined {
  return error === null || error === undefined ? undefined : toProblem(error);
}

export const ClientContext = createContext<ContractClient | undefined>(undefined);

function useClient(): ContractClient {
  const client = use(ClientContext);
  if (!client) throw new Error('no contract client above this component');
  return client;
}

async function inWords<Output>(call: Promise<Output>): Promise<Output> {
  try {
    return await call;
  } catch (error) {
    throw new ProblemError(toProblem(error), error);
  }
}

interface ReadOptions {
  readonly enabled?: boolean;
  /** Shows the last answer while a new one is on its way. */
  readonly keepPrevious?: boolean;
}

/** Reads, and reads again when a change notice says so. */
export function useRead<Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
  { enabled = true, keepPrevious = false }: ReadOptions = {},
): UseQueryResult<OperationOutput<Name>> {
  const client = useClient();
  return useQuery<OperationOutput<Name>>({
    queryKey: [name, input],
    queryFn: () => inWords(client.call(name, input)),
    enabled,
    ...(keepPrevious && { placeholderData: (previous: unknown) => previous as never }),
  });
}

/** Calls once, outside the store of answers: for what must not stay in memory, and for pages of a list. */
export function useCall(): <Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
  typed?: Typed,
) => Promise<OperationOutput<Name>> {
  const client = useClient();
  return (name, input, typed) => inWords(client.call(name, input, typed));
}

interface ActOptions<Name extends OperationName> {
  readonly onDone?: (output: OperationOutput<Name>) => void;
  readonly onProblem?: (problem: Problem) => void;
  /** Makes the call carry sealed presence. Held for this one call only, and in no state. */
  readonly passphrase?: Typed;
}

export interface Act<Name extends OperationName> {
  readonly act: (input: OperationInput<Name>, options?: ActOptions<Name>) => void;
  readonly pending: boolean;
  readonly problem: Problem | undefined;
  readonly reset: () => void;
}

/** Acts: sends one operation that changes something. */
export function useAct<Name extends OperationName>(name: Name): Act<Name> {
  const client = useClient();
  const queries = useQueryClient();
  const secret = useRef<Typed>(undefined);
  const mutation = useMutation<OperationOutput<Name>, ProblemError, OperationInput<Name>>({
    mutationKey: [name],
    mutationFn: (input) => {
      const passphrase = secret.current;
      secret.current = undefined;
      return inWords(client.call(name, input, passphrase));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['status.get'] }),
  });
  const act = (input: OperationInput<Name>, { onDone, onProblem, passphrase }: ActOptions<Name> = {}) => {
    secret.current = passphrase;
    mutation.mutate(input, { onSuccess: (output) => onDone?.(output), onError: (error) => onProblem?.(error.problem) });
  };
  return { act, pending: mutation.isPending, problem: mutation.error?.problem, reset: mutation.reset };
}

const operationsByTopic: Readonly<Record<string, readonly string[]>> = {
  approvals: ['approvals.', 'status.'],
  grants: ['grants.', 'agents.', 'status.'],
  agents: ['agents.', 'approvals.', 'status.'],
  connections: ['connections.', 'status.'],
  audit: ['audit.'],
  settings: ['status.'],
  demo: ['demo.', 'connections.'],
};

/** Marks what a notice may have changed, so that what is on screen is read again. A topic not known here means all. */
export function applyNotice(queries: QueryClient, notice: ChangeNoticeView): void {
  const prefixes = operationsByTopic[notice.topic];
  void queries.invalidateQueries({
    predicate: ({ queryKey }) => prefixes === undefined || prefixes.some((prefix) => String(queryKey[0]).startsWith(prefix)),
  });
}

/** Follows change notices while mounted. `onEnd` runs when the core is gone. */
export function useChangeNotices(onEnd: () => void): void {
  const client = useClient();
  const queries = useQueryClient();
  useEffect(() => {
    let following = true;
    const stop = client.changes(
      (notice) => applyNotice(queries, notice),
      // A stream that we end ourselves says nothing about the core.
      () => following && onEnd(),
    );
    return () => {
      following = false;
      stop();
    };
  }, [client, queries, onEnd]);
}
