import type { ProcessEvidence, ProcessIdentity } from '../process-identity.ts';

/** Nothing is known, and this is why. */
export function unknownEvidence(...remarks: readonly string[]): ProcessEvidence {
  return { state: 'unknown', parents: [], ownNamespaces: false, confinement: [], otherHolders: [], remarks };
}

/** For a system that has no adapter. */
export const unknownProcesses: ProcessIdentity = {
  identify: async () => unknownEvidence('This system does not tell which process is at the other end.'),
};
