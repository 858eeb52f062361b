import { RefusedError, type Transport } from '../../src/contract/client.ts';
import { createHttpTransport } from '../../src/contract/http-transport.ts';
import { bridgeTransport } from './bridge.ts';
import { followOpenRequests, takeLaunch } from './launch.ts';

/** Reaches the core: over the window's bridge when there is one, else over HTTP with the launch token of the address. */
export async function openTransport(): Promise<Transport> {
  const launch = takeLaunch();
  followOpenRequests();
  if (window.counterfoil) return bridgeTransport(window.counterfoil);
  if (launch.token === undefined)
    throw new RefusedError({ code: 'launch_failed', message: 'This page was opened without a link.' });
  return createHttpTransport({ base: location.origin, launch: launch.token });
}
