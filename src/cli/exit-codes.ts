/** What a program that calls us may rely on. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  /** Locked, or it needs the person in the window. */
  unauthenticated: 4,
  conflict: 5,
  /** Another server answers than the one that was pinned. Nothing was sent to it. */
  serverChanged: 6,
  denied: 10,
  expired: 11,
  pending: 12,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byRefusal: Readonly<Record<string, ExitCode>> = {
  invalid_input: exitCodes.usage,
  not_found: exitCodes.notFound,
  agent_unknown: exitCodes.notFound,
  resource_unknown: exitCodes.notFound,
  vault_locked: exitCodes.unauthenticated,
  vault_absent: exitCodes.unauthenticated,
  presence_required: exitCodes.unauthenticated,
  session_unknown: exitCodes.unauthenticated,
  conflict: exitCodes.conflict,
  approval_decided: exitCodes.conflict,
  already_running: exitCodes.conflict,
  port_taken: exitCodes.conflict,
  approval_denied: exitCodes.denied,
  approval_expired: exitCodes.expired,
  grant_expired: exitCodes.expired,
  approval_pending: exitCodes.pending,
};

/** The exit code for a refusal of the core. */
export function exitCodeFor(refusalCode: string): ExitCode {
  return Object.hasOwn(byRefusal, refusalCode) ? (byRefusal[refusalCode] ?? exitCodes.error) : exitCodes.error;
}
