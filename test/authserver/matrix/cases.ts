import type { Case } from './case.ts';
import { clientAuthentication } from './client-authentication.ts';
import { proofOfKey, proofs } from './proofs.ts';
import { calls, cibaRequests, resources, richRequests } from './requests.ts';
import { introspection, registrations, revocation, tokenRequests } from './tokens.ts';
import { transport } from './transport.ts';

/** Goal S1. */
export const allCases: readonly Case[] = [
  ...clientAuthentication,
  ...proofs,
  ...proofOfKey,
  ...cibaRequests,
  ...richRequests,
  ...resources,
  ...calls,
  ...tokenRequests,
  ...introspection,
  ...revocation,
  ...registrations,
  ...transport,
];
