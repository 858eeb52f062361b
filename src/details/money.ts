/** Amounts of money as decimal strings. Never floating point: they are scaled to thousandths as `BigInt`. */
const withoutDecimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ');
const withThreeDecimals = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');

/** How many decimals the currency has (ISO 4217); 2 for one that is not in the list. */
function currencyDecimals(currency: string): number {
  if (withoutDecimals.includes(currency)) return 0;
  return withThreeDecimals.includes(currency) ? 3 : 2;
}

/** True for a positive decimal with no more decimals than the currency has, written without superfluous zeros in front. */
export function isAmount(amount: string, currency: string): boolean {
  const parts = /^(?:0|[1-9]\d{0,11})(?:\.(\d{1,3}))?$/.exec(amount);
  return parts !== null && (parts[1]?.length ?? 0) <= currencyDecimals(currency) && thousandths(amount) > 0n;
}

/** -1, 0 or 1: how `left` compares to `right`, exactly. Both are amounts of one currency. */
export function compareAmounts(left: string, right: string): -1 | 0 | 1 {
  const difference = thousandths(left) - thousandths(right);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** The one spelling of an amount: no zeros at the end that say nothing. */
export function plainAmount(amount: string): string {
  return amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount;
}

/**
 * For people: `€180.00`, with every decimal that was asked for. `Intl` takes the decimal as a string and does not round through
 * a float; its own idea of a currency's decimals would show less than is granted (180.49 as 180).
 */
export function formatAmount(amount: string, currency: string): string {
  const decimals = Math.max(amount.split('.')[1]?.length ?? 0, currencyDecimals(currency));
  // security: rule 24, what is shown is what is granted
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, ...digits });
  return format.format(amount as Intl.StringNumericLiteral);
}

function thousandths(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole) * 1000n + BigInt(fraction.padEnd(3, '0'));
}
