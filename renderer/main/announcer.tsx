import { useState } from 'react';
import type { ApprovalSummary } from '../../src/contract/shapes.ts';
import { useRead } from '../client.ts';
import { inertString } from '../ui/inert-text.ts';
import { LiveRegion } from '../ui/live-region.tsx';
import { sentenceText } from '../ui/sentence-text.ts';
import { text as uiText } from '../ui/text.ts';
import { text } from './text.ts';

function announcement(fresh: readonly ApprovalSummary[]): string {
  const [first] = fresh;
  if (!first) return '';
  if (fresh.length > 1) return text.announceMany(fresh.length);
  return text.announce(inertString(first.agentName), sentenceText(first.sentence), uiText.riskInWords[first.risk]);
}

/** Tells screen readers of new requests, on whichever page the person is. */
export function Announcer() {
  const list = useRead('approvals.list', {});
  const [seen, setSeen] = useState<readonly ApprovalSummary[]>();
  const [message, setMessage] = useState('');
  if (list.data && list.data.pending !== seen) {
    const known = new Set(seen?.map((request) => request.id));
    const fresh = seen === undefined ? [] : list.data.pending.filter((request) => !known.has(request.id));
    setSeen(list.data.pending);
    if (fresh.length > 0) setMessage(announcement(fresh));
  }
  return <LiveRegion message={message} />;
}
