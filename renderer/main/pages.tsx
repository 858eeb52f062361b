import { RouterProvider } from '@tanstack/react-router';
import { fetchEveryPage, router } from './router.tsx';
import { fetchShortcuts } from './shell.tsx';

/** Everything behind the passphrase: loaded once it is needed, so that the first page is small. */
export function Pages() {
  return <RouterProvider router={router} />;
}

/** See {@link fetchEveryPage}, and what the frame around the pages fetches by itself. */
export async function fetchAll(): Promise<void> {
  await Promise.all([fetchEveryPage(), fetchShortcuts()]);
}
