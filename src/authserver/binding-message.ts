import { errors } from 'oidc-provider';
import { isPlainLine } from './plain-line.ts';

export const longestBindingMessage = 200;

/** Refuses by CIBA's own code what could not be shown as one quiet line. @see CIBA Core 1.0, section 13 */
export function checkBindingMessage(message: unknown): void {
  if (message === undefined) return;
  if (typeof message === 'string' && isPlainLine(message, longestBindingMessage)) return;
  throw new errors.InvalidBindingMessage(`one line of at most ${longestBindingMessage} visible characters`);
}
