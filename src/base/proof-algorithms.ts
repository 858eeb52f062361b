/** Signatures that a DPoP proof of an agent may have (RFC 9449, 4.2), in the order in which they are named. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;
