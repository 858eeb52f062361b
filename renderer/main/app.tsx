import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { type ContractClient, createClient, type Transport } from '../../src/contract/client.ts';
import { ClientContext, toProblem } from '../client.ts';
import { Gone, LinkUsed } from './apart.tsx';
import { Gate } from './gate.tsx';

type Connected =
  | { readonly state: 'connecting' | 'link_used' | 'gone' }
  | { readonly state: 'ready'; readonly client: ContractClient; readonly queries: QueryClient };

const sessionLost = new Set(['launch_failed', 'session_unknown', 'session_signature']);

function createQueries(onSessionLost: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (sessionLost.has(toProblem(error).code)) onSessionLost();
      },
    }),
    defaultOptions: {
      // Change notices say when to read again; trying again by itself would only hide a problem.
      queries: { retry: false, staleTime: 30_000, refetchOnWindowFocus: true },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

/** One transport for the life of the page, also when React mounts twice: a launch token works once. */
let opening: Promise<Transport> | undefined;

interface AppProps {
  readonly openTransport: () => Promise<Transport>;
}

/** Everything: reaches the core, then draws what the vault's state allows. */
export function App({ openTransport }: AppProps) {
  const [connected, setConnected] = useState<Connected>({ state: 'connecting' });
  useEffect(() => {
    let mounted = true;
    opening ??= openTransport();
    opening.then(
      (transport) => {
        if (!mounted) return;
        const queries = createQueries(() => setConnected({ state: 'link_used' }));
        setConnected({ state: 'ready', client: createClient(transport), queries });
      },
      (error: unknown) => mounted && setConnected({ state: sessionLost.has(toProblem(error).code) ? 'link_used' : 'gone' }),
    );
    return () => {
      mounted = false;
    };
  }, [openTransport]);
  // Stable, because following change notices starts anew with another one.
  const onGone = useCallback(() => setConnected({ state: 'gone' }), []);
  return (
    <CSPProvider disableStyleElements>
      <Content connected={connected} onGone={onGone} />
    </CSPProvider>
  );
}

function Content({ connected, onGone }: { readonly connected: Connected; readonly onGone: () => void }) {
  switch (connected.state) {
    case 'connecting':
      return null;
    case 'link_used':
      return <LinkUsed />;
    case 'gone':
      return <Gone />;
    case 'ready':
      return (
        <ClientContext value={connected.client}>
          <QueryClientProvider client={connected.queries}>
            <Gate onGone={onGone} />
          </QueryClientProvider>
        </ClientContext>
      );
  }
}
