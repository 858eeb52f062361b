import { useNavigate, useSearch } from '@tanstack/react-router';
import { InboxPage } from '../features/inbox/inbox-page.tsx';

/** The inbox at its address: which request is open is in it. */
export function InboxRoute() {
  const { id } = useSearch({ from: '/inbox' });
  const navigate = useNavigate();
  return (
    <InboxPage
      openId={id}
      onOpen={(next) => void navigate({ to: '/inbox', search: next === undefined ? {} : { id: next }, replace: true })}
      onOpenGrant={(grantId) => void navigate({ to: '/grants', search: { id: grantId } })}
    />
  );
}
