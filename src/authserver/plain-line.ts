/** Controls, format characters such as bidi overrides and zero-width ones, private use, broken pairs, and blanks that look like nothing. */
const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]/u;

/** True for one line of visible characters, at most `longest` of them. What it says is still the agent's own claim. */
export function isPlainLine(text: string, longest: number): boolean {
  return !hidden.test(text) && [...text].length <= longest;
}
