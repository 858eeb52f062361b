import { type Detail, detailTypeOf, type SentencePart } from '../details/details.ts';
import type { Approval } from './approvals.ts';

/** All details of a request as one sentence. */
export function sentenceOf(details: readonly Detail[]): readonly SentencePart[] {
  return details.flatMap((detail, index) => {
    const parts = detailTypeOf(detail).sentence(detail);
    return index === 0 ? parts : [{ text: '; ' }, ...parts];
  });
}

/** What a request asks, or that it only asks for another program. */
export function askedSentence(approval: Pick<Approval, 'details' | 'forGrant'>): readonly SentencePart[] {
  const granted = sentenceOf(approval.details);
  return approval.forGrant === undefined ? granted : [{ text: 'Go on from another program: ' }, ...granted];
}

/** The second line: from where, as whom. */
export function leadOf(details: readonly Detail[], where: string): readonly SentencePart[] {
  const [first] = details;
  return first === undefined ? [{ text: `at ${where}` }] : detailTypeOf(first).lead(first, where);
}

/** A sentence without its emphasis. */
export function sentenceText(parts: readonly SentencePart[]): string {
  return parts.map((part) => part.text).join('');
}
