import { useNavigate, useSearch } from '@tanstack/react-router';
import { GrantsPage } from '../features/grants/grants-page.tsx';

/** The grants at their address: which one is open is in it. */
export function GrantsRoute() {
  const { id } = useSearch({ from: '/grants' });
  const navigate = useNavigate();
  return (
    <GrantsPage
      openId={id}
      onOpen={(next) => void navigate({ to: '/grants', search: next === undefined ? {} : { id: next }, replace: true })}
    />
  );
}
