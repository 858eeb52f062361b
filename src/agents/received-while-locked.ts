import type { ProcessEvidence } from '../platform/process-identity.ts';

/**
 * What is kept of a row's process facts when it is taken over at unlock: nothing. While the vault is locked rows have no
 * MAC, so anybody who can write the file could have written the facts.
 */
export const receivedWhileLocked: ProcessEvidence = {
  state: 'unknown',
  parents: [],
  ownNamespaces: false,
  confinement: [],
  otherHolders: [],
  remarks: ['Received while Counterfoil was locked: which program it came from is not known.'],
};
