import { useInfiniteQuery } from '@tanstack/react-query';
import { useCall } from '../../client.ts';

const pageSize = 50;

/** Audit entries, newest first, a page at a time. */
export function useEntries(search: string) {
  const call = useCall();
  return useInfiniteQuery({
    queryKey: ['audit.list', search],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) =>
      call('audit.list', {
        limit: pageSize,
        ...(pageParam !== undefined && { before: pageParam }),
        ...(search !== '' && { search }),
      }),
    getNextPageParam: (page) => (page.more ? page.entries.at(-1)?.seq : undefined),
    placeholderData: (previous) => previous,
  });
}
