import { asId, type ResourceId } from '../base/ids.ts';
import type { ApiDeps } from './api.ts';
import type { Handlers } from './operation-handlers.ts';

/** What the operations on local resources do. */
export function resourceHandlers(deps: ApiDeps): Pick<Handlers, 'resources.add' | 'resources.remove'> {
  const { broker, connections, grants } = deps;
  return {
    'resources.add': ({ key, ...resource }) => ({
      id: connections.addLocal({ ...resource, issuer: deps.issuer(), ...(key === undefined ? {} : { key }) }).id,
    }),
    'resources.remove': ({ id }) => {
      const resourceId = asId<ResourceId>(id);
      for (const grant of grants.list({ live: true })) if (grant.resourceId === resourceId) broker.revoke(grant.id);
      connections.removeLocal(resourceId);
      return {};
    },
  };
}
