import type { SentencePart } from './details.ts';

const mostNamed = 4;

/** "a, b and c"; of a long list the first few and how many more there are. */
export function joinWords(words: readonly string[]): string {
  const named = words.length > mostNamed ? [...words.slice(0, mostNamed - 1), `${words.length - mostNamed + 1} more`] : words;
  if (named.length < 2) return named.join('');
  return `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}

/** With a capital letter, to begin a sentence. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The words of a set, in the order in which they are listed. */
export function wordsOf<Word extends string>(labels: Readonly<Record<Word, string>>, chosen: readonly Word[]): string {
  return joinWords((Object.keys(labels) as Word[]).filter((word) => chosen.includes(word)).map((word) => labels[word]));
}

/** What must be read. */
export function strong(text: string): SentencePart {
  return { text, strong: true };
}

/** What only holds a sentence together. */
export function plain(text: string): SentencePart {
  return { text };
}
