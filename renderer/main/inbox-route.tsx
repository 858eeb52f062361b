import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { InboxPage } from '../features/inbox/inbox-page.tsx';

/** The inbox at its address: which request is open is in it. */
export function InboxRoute() {
  const { id } = useSearch({ from: '/inbox' });
  const navigate = useNavigate();
  // Stable, so that a step through five hundred requests draws two rows anew.
  const open = useCallback(
    (next: string | undefined) => void navigate({ to: '/inbox', search: next === undefined ? {} : { id: next }, replace: true }),
    [navigate],
  );
  const openGrant = useCallback((grantId: string) => void navigate({ to: '/grants', search: { id: grantId } }), [navigate]);
  return <InboxPage openId={id} onOpen={open} onOpenGrant={openGrant} />;
}
