import { Refusal } from '../base/errors.ts';
import { hasInvisible } from '../base/invisible.ts';

const longestName = 60;

/** The name as it will be kept: composed, single spaces. Refuses `invalid_input` when empty, too long or partly invisible. */
export function checkedAgentName(name: string): string {
  const composed = name.normalize('NFC').trim().replaceAll(/ +/g, ' ');
  if (composed === '' || !/[\p{L}\p{N}]/u.test(composed)) throw new Refusal('invalid_input', 'Give the agent a name.');
  if ([...composed].length > longestName) throw new Refusal('invalid_input', `A name has at most ${longestName} characters.`);
  if (hasInvisible(composed)) throw new Refusal('invalid_input', 'A name consists of visible characters.');
  return composed;
}
