import type { GrantView } from '../../../src/contract/shapes.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { digestGroups } from '../../ui/digest.ts';
import { type FactProps, FactRows } from '../../ui/fact.tsx';
import { absolute } from '../../ui/time.ts';
import { text } from './text.ts';

function factsOf(grant: GrantView): readonly FactProps[] {
  const known = (label: string, value: string, mono = false): FactProps => ({ label, value, standing: 'known', mono });
  return [
    known(text.panel.created, absolute(grant.createdAt)),
    known(text.panel.ends, absolute(grant.expiresAt)),
    known(text.panel.lastUsed, grant.lastUsedAt === undefined ? text.never : absolute(grant.lastUsedAt)),
    known(text.panel.connection, grant.connectionName),
    ...(grant.unstoppableUntil === undefined
      ? []
      : [known(text.panel.unstoppable, text.unstoppableUntil(absolute(grant.unstoppableUntil)))]),
    ...(grant.live ? [] : [known(text.panel.upstream, text.upstreamMeaning[grant.upstreamEnd])]),
    known(text.panel.id, grant.id, true),
    ...(grant.grantedDigest === undefined
      ? []
      : [known(text.panel.digest, `${digestGroups(grant.grantedDigest)} (${grant.grantedDigest})`, true)]),
  ];
}

/** Everything about one grant, under its row. */
export function GrantPanel({ grant }: { readonly grant: GrantView }) {
  return (
    <tr>
      <td className="border-e-2 border-b border-line [border-inline-end-style:dashed]" />
      <td colSpan={6} className="border-b border-line bg-sunken p-3.5">
        <FactRows facts={factsOf(grant)} />
        <h3 className="mt-3 mb-1 text-xs text-ink-3">{text.panel.json}</h3>
        <CodeBlock label={text.panel.json} value={grant.detailJson} />
      </td>
    </tr>
  );
}
