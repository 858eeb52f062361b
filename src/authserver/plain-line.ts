import { hasInvisible } from '../base/invisible.ts';

/** True for one line of visible characters, at most `longest` of them. What it says is still the agent's own claim. */
export function isPlainLine(text: string, longest: number): boolean {
  return !hasInvisible(text) && [...text].length <= longest;
}
