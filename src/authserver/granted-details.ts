import type { Approvals } from '../approvals/approvals.ts';
import { Refusal } from '../base/errors.ts';
import type { Connections } from '../connections/connections.ts';
import { coversDetails, type Detail } from '../details/details.ts';
import type { Grant } from '../grants/grants.ts';
import { detailsForAudience } from './resource-url.ts';

/**
 * What of a grant its resource is told, compared once more with what was asked in the approval that it comes from: a token
 * and an introspection never say more than a person was asked (RFC 9396, sections 7 and 9). A local resource reads it in
 * the token, so nothing that is for another place may be in it.
 *
 * Refuses `row_tampered` when the two do not fit.
 */
export function grantedDetails(
  { details, approvalId, resourceId }: Grant,
  { approvals, connections }: { readonly approvals: Approvals; readonly connections: Connections },
): readonly Detail[] {
  const asked = approvals.find(approvalId)?.details ?? [];
  // security: rule 24
  if (!coversDetails(details, asked))
    throw new Refusal('row_tampered', 'This grant does not fit what was asked.', {
      detail: 'granted details exceed the asked ones',
    });
  const resource = connections.findResource(resourceId);
  return resource?.local === undefined ? details : detailsForAudience(details, resource.indicator);
}
