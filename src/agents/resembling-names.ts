/** Letters of other scripts that are drawn like Latin ones, lower case. Small on purpose: names are short and shown large. */
const lookAlikes: Readonly<Record<string, string>> = {
  // Cyrillic
  а: 'a',
  в: 'b',
  е: 'e',
  ѕ: 's',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  с: 'c',
  т: 't',
  у: 'y',
  х: 'x',
  ԁ: 'd',
  һ: 'h',
  ԛ: 'q',
  ԝ: 'w',
  г: 'r',
  // Greek
  α: 'a',
  β: 'b',
  γ: 'y',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  μ: 'u',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ω: 'w',
  // Latin beyond ASCII, and digits
  ı: 'i',
  ɑ: 'a',
  ɡ: 'g',
  ʟ: 'l',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  '0': 'o',
  '1': 'l',
  '|': 'l',
  '5': 's',
};

/** What a name looks like: compatibility form, no case, marks, spaces or punctuation, look-alikes folded into Latin. */
export function nameSkeleton(name: string): string {
  const folded = [...name.normalize('NFKC').toLowerCase().normalize('NFD')]
    .map((letter) => lookAlikes[letter] ?? letter)
    .filter((letter) => /[\p{L}\p{N}]/u.test(letter))
    .join('');
  // capital I and small l are one stroke; r and n together draw an m
  return folded.replaceAll('i', 'l').replaceAll('rn', 'm').replaceAll('vv', 'w');
}

const shortestWithTypo = 5;

/** True when two names could be taken for each other: same look, or one letter apart in names of five letters and more. */
export function namesResemble(one: string, other: string): boolean {
  const a = nameSkeleton(one);
  const b = nameSkeleton(other);
  if (a === '' || b === '') return false;
  if (a === b) return true;
  return Math.min(a.length, b.length) >= shortestWithTypo && isOneEditApart(a, b);
}

function isOneEditApart(a: string, b: string): boolean {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  if (longer.length - shorter.length > 1) return false;
  let index = 0;
  while (index < shorter.length && shorter[index] === longer[index]) index += 1;
  const restOfLonger = longer.slice(index + 1);
  return shorter.length === longer.length ? shorter.slice(index + 1) === restOfLonger : shorter.slice(index) === restOfLonger;
}
