import * as mainJob from './0001-main-job.ts';
import * as stateHead from './0002-state-head.ts';
import * as repeatedRequests from './0003-repeated-requests.ts';
import * as signedBefore from './0004-signed-before.ts';
import * as localResources from './0005-local-resources.ts';

/** One step of the schema. Runs in a transaction of its own together with the raised `user_version`. */
export interface Migration {
  /** 1, 2, 3 … without a gap. */
  readonly version: number;
  readonly sql: string;
}

/** Every migration, in order. */
export const migrations: readonly Migration[] = [mainJob, stateHead, repeatedRequests, signedBefore, localResources];
