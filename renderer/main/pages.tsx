import { RouterProvider } from '@tanstack/react-router';
import { router } from './router.tsx';

/** Everything behind the passphrase: loaded once it is needed, so that the first page is small. */
export function Pages() {
  return <RouterProvider router={router} />;
}
