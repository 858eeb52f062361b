import { InertText } from './inert-text.tsx';

export type SentenceParts = readonly { readonly text: string; readonly strong?: boolean | undefined }[];

/** A sentence in parts; the parts that must be read are strong. */
export function Sentence({ parts, cut = false }: { readonly parts: SentenceParts; readonly cut?: boolean }) {
  return parts.map((part, index) =>
    part.strong ? (
      <strong key={index} className="font-bold">
        <InertText text={part.text} cut={cut} />
      </strong>
    ) : (
      <InertText key={index} text={part.text} cut={cut} />
    ),
  );
}
