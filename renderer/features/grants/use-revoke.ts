import { toast } from 'sonner';
import type { GrantView } from '../../../src/contract/shapes.ts';
import { toProblem, useAct, useCall } from '../../client.ts';
import { inertString } from '../../ui/inert-text.ts';
import { text } from './text.ts';

/** The least certain of what the providers said so far. */
function worstEnd(grants: readonly GrantView[]): GrantView['upstreamEnd'] {
  const order = ['failed', 'pending', 'confirmed'] as const;
  return order.find((end) => grants.some((grant) => grant.upstreamEnd === end)) ?? 'none';
}

/** Ends grants, and says what the providers have confirmed by then. */
export function useRevoke(): (grants: readonly GrantView[], onDone?: () => void) => void {
  const revoke = useAct('grants.revoke');
  const call = useCall();
  const report = async (grants: readonly GrantView[]) => {
    const ids = new Set(grants.map((grant) => grant.id));
    const after = await call('grants.list', {});
    const ended = after.grants.filter((grant) => ids.has(grant.id));
    const [only] = grants;
    const what =
      grants.length === 1 && only
        ? text.revoked(`${inertString(only.agentName)} on ${inertString(only.resourceName)}`)
        : text.revokedMany(grants.length);
    toast(what, { description: text.upstreamToast[worstEnd(ended)] });
  };
  return (grants, onDone) => {
    revoke.act(
      { ids: grants.map((grant) => grant.id) },
      {
        onDone() {
          onDone?.();
          report(grants).catch((error: unknown) => toast(toProblem(error).message));
        },
        onProblem: (problem) => toast(problem.message, { description: problem.hint }),
      },
    );
  };
}
