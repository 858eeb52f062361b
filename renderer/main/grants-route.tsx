import { useNavigate, useSearch } from '@tanstack/react-router';
import { GrantsPage } from '../features/grants/grants-page.tsx';

/** The grants at their address: which one is open is in it. */
export function GrantsRoute() {
  const { id, revoke } = useSearch({ from: '/grants' });
  const navigate = useNavigate();
  return (
    <GrantsPage
      openId={id}
      asksToEndAll={revoke === 'all'}
      onAnswered={() => void navigate({ to: '/grants', search: {}, replace: true })}
      onOpen={(next) => void navigate({ to: '/grants', search: next === undefined ? {} : { id: next }, replace: true })}
    />
  );
}
