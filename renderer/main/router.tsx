import {
  type AsyncRouteComponent,
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { toProblem } from '../client.ts';
import { ProblemPanel } from '../ui/problem.tsx';
import { Shell } from './shell.tsx';
import { text } from './text.ts';

/** The one thing a page shows, by its id. */
function parseId(search: Record<string, unknown>): { readonly id?: string } {
  return typeof search['id'] === 'string' ? { id: search['id'] } : {};
}

/** The grants can be opened with the question whether all shall end. */
function parseGrants(search: Record<string, unknown>): { readonly id?: string; readonly revoke?: 'all' } {
  return { ...parseId(search), ...(search['revoke'] === 'all' && { revoke: 'all' }) };
}

function Crash({ error }: { readonly error: unknown }) {
  return (
    <ProblemPanel
      title={text.crash.title}
      problem={toProblem(error)}
      unaffected={text.crash.unaffected}
      onRetry={() => location.reload()}
    />
  );
}

const root = createRootRoute({ component: Shell });
const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how this router redirects
    throw redirect({ to: '/inbox' });
  },
});
const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  validateSearch: parseId,
  component: lazyRouteComponent(() => import('./inbox-route.tsx'), 'InboxRoute'),
});
const grants = createRoute({
  getParentRoute: () => root,
  path: '/grants',
  validateSearch: parseGrants,
  component: lazyRouteComponent(() => import('./grants-route.tsx'), 'GrantsRoute'),
});
const agents = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  component: lazyRouteComponent(() => import('../features/agents/agents-page.tsx'), 'AgentsPage'),
});
const connections = createRoute({
  getParentRoute: () => root,
  path: '/connections',
  component: lazyRouteComponent(() => import('../features/connections/connections-page.tsx'), 'ConnectionsPage'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  component: lazyRouteComponent(() => import('../features/audit/audit-page.tsx'), 'AuditPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings-route.tsx'), 'SettingsRoute'),
});

const pages = [inbox, grants, agents, connections, audit, settings];

/**
 * Fetches every page now, while the program that answers is surely ours.
 *
 * security: rule 10. Once that program has ended another one may answer at this address, and a page that was fetched from it
 * then would run in here, beside a passphrase that is being typed.
 */
export async function fetchEveryPage(): Promise<void> {
  await Promise.all(pages.map(async ({ options }) => (options.component as AsyncRouteComponent<object> | undefined)?.preload?.()));
}

/** The pages. In the fragment of the address, so that every shell can serve one file. */
export const router = createRouter({
  routeTree: root.addChildren([index, ...pages]),
  history: createHashHistory(),
  defaultErrorComponent: Crash,
  defaultNotFoundComponent: () => null,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
