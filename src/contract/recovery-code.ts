/**
 * How a recovery code is written on paper: eight groups of five signs. Four signs of each group carry the code (160 bits in all), the
 * fifth checks them, so that a slip of the finger is told apart from another code, and in which group it is.
 *
 * Signs are those of Crockford's base 32: no I, L, O or U. Capitals, spaces and dashes do not matter; O is read as 0, I and L as 1.
 */

const signs = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groups = 8;
const signsInGroup = 5;

/** Bytes of a code. */
const codeLength = 20;

export type ReadRecoveryCode =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Not as many signs as a code has, or one that no code has. */
  | { readonly ok: false; readonly reason: 'length' | 'sign' }
  /** The first group with a slip in it, from 1 on. */
  | { readonly ok: false; readonly reason: 'group'; readonly group: number };

/** The code as it is printed: groups with a dash between. */
export function writeRecoveryCode(bytes: Uint8Array): string {
  if (bytes.length !== codeLength) throw new RangeError('a recovery code has 20 bytes');
  const values = fiveBitsOf(bytes);
  return Array.from({ length: groups }, (_, group) => {
    const carried = values.slice(group * 4, group * 4 + 4);
    return [...carried, checkOf(carried, group)].map((value) => signs[value]).join('');
  }).join('-');
}

/** The code that was typed. Says what is wrong with it, and repeats nothing of it. */
export function readRecoveryCode(text: string): ReadRecoveryCode {
  const typed = text
    .toUpperCase()
    .replaceAll(/[\s\-‐-―−]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const values = [...typed].map((sign) => signs.indexOf(sign));
  if (values.includes(-1)) return { ok: false, reason: 'sign' };
  if (values.length !== groups * signsInGroup) return { ok: false, reason: 'length' };
  const carried: number[] = [];
  for (let group = 0; group < groups; group += 1) {
    const read = values.slice(group * signsInGroup, (group + 1) * signsInGroup);
    if (checkOf(read.slice(0, -1), group) !== read.at(-1)) return { ok: false, reason: 'group', group: group + 1 };
    carried.push(...read.slice(0, -1));
  }
  return { ok: true, bytes: bytesOf(carried) };
}

/**
 * A weighted sum in the field of 32 elements. The weights of neighbours differ, also from the check's own, which is 1, so one wrong sign or two
 * neighbours that changed places are always found; they depend on the group, so groups that changed places are found, too, but for one in 31.
 */
function checkOf(values: readonly number[], group: number): number {
  return values.reduce((sum, value, place) => sum ^ times(value, powerOfTwo(4 * group + place + 1)), 0);
}

/** Product in the field of 32 elements, modulo x^5 + x^2 + 1. */
function times(left: number, right: number): number {
  let product = 0;
  for (let bit = 0; bit < 5; bit += 1) if ((right >> bit) & 1) product ^= left << bit;
  for (let bit = 8; bit >= 5; bit -= 1) if ((product >> bit) & 1) product ^= 0b100101 << (bit - 5);
  return product;
}

function powerOfTwo(exponent: number): number {
  let power = 1;
  for (let step = 0; step < exponent; step += 1) power = times(power, 2);
  return power;
}

function fiveBitsOf(bytes: Uint8Array): readonly number[] {
  const bits = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  return Array.from({ length: bits.length / 5 }, (_, index) => bits.slice(index * 5, index * 5 + 5).reduce(joinBit, 0));
}

function bytesOf(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bits = values.flatMap((value) => [4, 3, 2, 1, 0].map((bit) => (value >> bit) & 1));
  return Uint8Array.from({ length: bits.length / 8 }, (_, index) => bits.slice(index * 8, index * 8 + 8).reduce(joinBit, 0));
}

function joinBit(number: number, bit: number): number {
  return number * 2 + bit;
}
