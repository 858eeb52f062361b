import { useState } from 'react';
import { inertPieces } from './inert-text.ts';
import { text as words } from './text.ts';

interface InertTextProps {
  /** Written by an agent, a provider or the system. */
  readonly text: string;
  /** Characters shown before the rest folds away. Default 600. */
  readonly fold?: number;
  readonly keepLines?: boolean;
  /** Cuts instead of folding: for text inside a button or a label, with the whole of it elsewhere. */
  readonly cut?: boolean;
}

/** Draws text that somebody else wrote: no markup, no links, nothing hidden, and apart from the direction of what is around it. */
export function InertText({ text, fold = 600, keepLines = false, cut = false }: InertTextProps) {
  const [unfolded, setUnfolded] = useState(false);
  const characters = text.length > fold ? [...text] : undefined;
  const folded = characters !== undefined && characters.length > fold && !unfolded;
  const shown = folded ? characters.slice(0, fold).join('') : text;
  return (
    <>
      <bdi className={keepLines ? 'whitespace-pre-wrap' : undefined}>
        {inertPieces(shown, keepLines).map((piece, index) =>
          piece.escaped ? (
            <span
              key={index}
              className="mx-px rounded-s bg-warn-soft px-0.5 font-mono text-2xs text-warn not-italic"
              title={words.escapedCharacter}
            >
              {piece.text}
            </span>
          ) : (
            piece.text
          ),
        )}
        {folded && '…'}
      </bdi>
      {!cut && characters !== undefined && characters.length > fold && (
        <button
          type="button"
          className="ms-2 text-xs text-ink-2 underline underline-offset-3"
          onClick={() => setUnfolded(!unfolded)}
        >
          {folded ? words.showAll(characters.length) : words.showLess}
        </button>
      )}
    </>
  );
}
