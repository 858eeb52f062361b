/** What was typed as an amount: the decimal string to send, or why it is not one. */
export type AmountInput =
  | { readonly ok: true; readonly amount: string; readonly lowered: boolean }
  | { readonly ok: false; readonly why: 'form' | 'tooMany' | 'more' | 'zero' };

/** How many decimals an amount in this currency may have, at least as many as were asked with. */
export function decimalsOf(asked: string, currency: string | undefined): number {
  const askedDecimals = asked.split('.')[1]?.length ?? 0;
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency)) return Math.max(askedDecimals, 2);
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return Math.max(askedDecimals, format.resolvedOptions().maximumFractionDigits ?? 2);
}

function scaled(amount: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/**
 * Reads a typed amount that is to be no more than what was asked. Exact: no floating point.
 *
 * One point or comma is the decimal sign and nothing groups digits, so `1.800` is refused rather than guessed at.
 */
export function parseAmountInput(typed: string, asked: string, currency: string | undefined): AmountInput {
  const compact = typed.trim().replace(',', '.');
  if (!/^\d{1,12}(\.\d+)?$/.test(compact)) return { ok: false, why: 'form' };
  const decimals = decimalsOf(asked, currency);
  const [whole = '', fraction = ''] = compact.split('.');
  if (fraction.length > decimals) return { ok: false, why: 'tooMany' };
  const value = scaled(compact, decimals);
  const most = scaled(asked, decimals);
  if (value > most) return { ok: false, why: 'more' };
  if (value === 0n) return { ok: false, why: 'zero' };
  if (value === most) return { ok: true, amount: asked, lowered: false };
  const plain = whole.replace(/^0+(?=\d)/, '');
  const kept =
    fraction === '' && !asked.includes('.')
      ? ''
      : `.${fraction.padEnd(Math.max(asked.split('.')[1]?.length ?? 0, fraction.length), '0')}`;
  return { ok: true, amount: kept === '.' ? plain : plain + kept, lowered: true };
}
