import { InertText } from './inert-text.tsx';

export type SentenceParts = readonly { readonly text: string; readonly strong?: boolean | undefined }[];

/** A sentence in parts; the parts that must be read are strong. */
export function Sentence({ parts }: { readonly parts: SentenceParts }) {
  return parts.map((part, index) =>
    part.strong ? (
      <strong key={index} className="font-bold">
        <InertText text={part.text} />
      </strong>
    ) : (
      <InertText key={index} text={part.text} />
    ),
  );
}
