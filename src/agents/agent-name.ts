import { Refusal } from '../base/errors.ts';

const longestName = 60;

/** Controls, format characters (bidi, zero width), line breaks, private use and unpaired surrogates. */
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The name as it will be kept: composed, single spaces. Refuses `invalid_input` when empty, too long or partly invisible. */
export function checkedAgentName(name: string): string {
  const composed = name.normalize('NFC').trim().replaceAll(/ +/g, ' ');
  if (composed === '' || !/[\p{L}\p{N}]/u.test(composed)) throw new Refusal('invalid_input', 'Give the agent a name.');
  if ([...composed].length > longestName) throw new Refusal('invalid_input', `A name has at most ${longestName} characters.`);
  if (invisible.test(composed)) throw new Refusal('invalid_input', 'A name consists of visible characters.');
  return composed;
}
