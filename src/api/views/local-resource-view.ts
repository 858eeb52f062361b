import type { Resource } from '../../connections/connections.ts';
import type { LocalResourceView } from '../../contract/shapes.ts';

/** One local server of the connections page. */
export function localResourceView({ id, name, indicator, detailTypes, scopes, local }: Resource): LocalResourceView {
  return {
    id,
    name,
    url: indicator,
    detailTypes: [...detailTypes],
    scopes: [...scopes],
    verifiedBy: local?.by ?? 'introspection',
    addedAt: local?.addedAt ?? 0,
    ...(local?.by === 'introspection' ? { keyThumbprint: local.thumbprint } : {}),
  };
}
