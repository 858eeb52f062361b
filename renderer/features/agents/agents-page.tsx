import { problemOf, useRead } from '../../client.ts';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { AgentCard } from './agent-card.tsx';
import { text } from './text.ts';

/** Who the agents are, in which program, and what can be done about them. */
export function AgentsPage() {
  const list = useRead('agents.list', {});
  const problem = problemOf(list.error);
  const agents = list.data?.agents;
  return (
    <Page title={text.title} sub={agents && agents.length > 0 && text.sub(agents.length)}>
      {problem && !agents && (
        <ProblemPanel
          title={text.problem.title}
          problem={problem}
          unaffected={text.problem.unaffected}
          onRetry={() => void list.refetch()}
        />
      )}
      {!problem && !agents && <Skeleton />}
      {agents?.length === 0 && (
        <Empty title={text.none.title}>
          <p>{text.none.body}</p>
        </Empty>
      )}
      {agents && agents.length > 0 && (
        <ul className="grid gap-3">
          {agents.map((agent) => (
            <AgentCard key={agent.id} agent={agent} />
          ))}
        </ul>
      )}
    </Page>
  );
}
