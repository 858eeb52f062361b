import type { ContractClient } from '../contract/client.ts';
import type { Check } from './doctor.ts';

/** The way to the running core, so that commands can be tried against any. */
export interface CoreLink {
  /** A session of our own. Fails `not_running` when nobody answers on the socket. */
  connect(): Promise<ContractClient>;
  /** Asks the running app to show itself; `false` when none runs. Refuses `rate_limited`. */
  open(): Promise<boolean>;
  /** What can be said about this machine without a session. */
  examine(): Promise<readonly Check[]>;
}
