import type { ReactNode } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { problemOf, useAct, useRead } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';
import { ProblemNote, ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { NotificationSetting } from './notification-setting.tsx';
import { PassphraseSetting } from './passphrase-setting.tsx';
import { Section } from './section.tsx';
import { text } from './text.ts';
import { ThemeSetting } from './theme-setting.tsx';

interface SettingsPageProps {
  /** The recovery code, which is a feature of its own. */
  readonly recovery: (status: Status) => ReactNode;
}

/** What can be chosen, and how things are kept. */
export function SettingsPage({ recovery }: SettingsPageProps) {
  const status = useRead('status.get', {});
  const problem = problemOf(status.error);
  if (!status.data) {
    return (
      <Page title={text.title}>
        {problem ? (
          <ProblemPanel
            title={text.problem.title}
            problem={problem}
            unaffected={text.problem.unaffected}
            onRetry={() => void status.refetch()}
          />
        ) : (
          <Skeleton />
        )}
      </Page>
    );
  }
  return (
    <Page title={text.title}>
      <div className="max-w-2xl divide-y divide-line rounded-l border border-line bg-surface">
        <Section title={text.recovery.title}>{recovery(status.data)}</Section>
        <PassphraseSetting />
        <NotificationSetting status={status.data} />
        <ThemeSetting />
        <Protection protection={status.data.protection} />
        <LockNow />
        <About status={status.data} />
      </div>
    </Page>
  );
}

function Protection({ protection }: Pick<Status, 'protection'>) {
  const meaning: ReactNode = text.protection[protection.kind];
  return (
    <Section title={text.protection.title}>
      {protection.kind === 'os' ? <p>{meaning}</p> : <Notice tone="warn">{meaning}</Notice>}
      <p className="mt-1 text-sm text-ink-3">
        <InertText text={protection.description} />
      </p>
      <p className="mt-1 text-sm text-ink-2">{text.protection.honest}</p>
    </Section>
  );
}

function LockNow() {
  const lock = useAct('vault.lock');
  return (
    <Section title={text.lock.title}>
      <p className="mb-2 text-ink-2">{text.lock.meaning}</p>
      <Button onClick={() => lock.act({})}>{text.lock.now}</Button>
      {lock.problem && <ProblemNote problem={lock.problem} />}
    </Section>
  );
}

function About({ status }: { readonly status: Status }) {
  return (
    <Section title={text.about.title}>
      <dl className="grid grid-cols-[10rem_1fr] items-center gap-y-1 text-sm">
        <dt className="text-ink-3">{text.about.version}</dt>
        <dd>{status.version}</dd>
        <dt className="text-ink-3">{text.about.issuer}</dt>
        <dd className="flex flex-wrap items-center gap-2">
          <code className="font-mono">{status.issuer}</code>
          <CopyButton value={status.issuer} />
        </dd>
      </dl>
    </Section>
  );
}
