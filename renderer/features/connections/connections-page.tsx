import { problemOf, useRead } from '../../client.ts';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { ConnectionCard } from './connection-card.tsx';
import { LocalServers } from './local-servers.tsx';
import { Presets } from './presets.tsx';
import { text } from './text.ts';

/** The person's accounts at providers, and how well each can be lent. */
export function ConnectionsPage() {
  const list = useRead('connections.list', {});
  const problem = problemOf(list.error);
  const connections = list.data?.connections;
  return (
    <Page title={text.title} sub={connections && connections.length > 0 && text.sub(connections.length)}>
      {problem && !connections && (
        <ProblemPanel
          title={text.problem.title}
          problem={problem}
          unaffected={text.problem.unaffected}
          onRetry={() => void list.refetch()}
        />
      )}
      {!problem && !connections && <Skeleton />}
      {connections?.length === 0 && (
        <Empty title={text.none.title}>
          <p>{text.none.body}</p>
        </Empty>
      )}
      {connections && connections.length > 0 && (
        <ul className="grid gap-3">
          {connections.map((connection) => (
            <ConnectionCard key={connection.id} connection={connection} />
          ))}
        </ul>
      )}
      {list.data && <LocalServers servers={list.data.local} detailTypes={list.data.detailTypes} />}
      <Presets presets={list.data?.presets.filter((preset) => !preset.added) ?? []} />
    </Page>
  );
}
