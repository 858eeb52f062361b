import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWithin } from '../../src/details/compare.ts';
import {
  canonicalJson,
  coversCall,
  coversDetails,
  type Detail,
  detailTypeOf,
  knownDetailTypes,
  narrows,
  parseDetails,
} from '../../src/details/details.ts';
import { callsNear, detailsOf, terms, unknownDetail } from './any-detail.ts';

const runs = { numRuns: 1000 };
const canonical = (detail: Detail): string => canonicalJson(detailTypeOf(detail).canonical(detail));

test('every known type is tested here', () => {
  expect(Object.keys(detailsOf).toSorted()).toEqual([...knownDetailTypes()].toSorted());
});

describe.each([...Object.entries(detailsOf), ['a type that is not known', unknownDetail] as const])('%s', (name, any) => {
  const terse = { ...terms[name], upstream: true };

  test('is read as sent, from any of its details', () => {
    fc.assert(fc.property(any, (detail) => canonicalJson(parseDetails([detail], 'accept')) === canonicalJson([detail])));
  });

  test('every detail is within itself (RFC 9396, section 5)', () => {
    fc.assert(fc.property(any, (detail) => isWithin(detail, detail) && narrows(detail, detail, terse)));
  });

  test('what is within something narrower is within the wider (RFC 9396, section 5)', () => {
    fc.assert(
      fc.property(any, any, any, (a, b, c) => !(isWithin(a, b) && isWithin(b, c)) || isWithin(a, c)),
      { numRuns: 2000 },
    );
  });

  test('two details within each other have one canonical form, and only those (RFC 9396, section 5)', () => {
    fc.assert(
      fc.property(any, any, (a, b) => (isWithin(a, b) && isWithin(b, a)) === (canonical(a) === canonical(b))),
      { numRuns: 2000 },
    );
  });

  test('a narrower detail never covers a call that the wider does not (security rule 7)', () => {
    fc.assert(
      fc.property(any, any, callsNear(name), (child, parent, call) => {
        if (!isWithin(child, parent) || !coversCall([child], call, terms).covered) return true;
        return coversCall([parent], call, terms).covered;
      }),
      { numRuns: 2000 },
    );
  });

  test('details together cover no detail, and no call, that none of them covers alone (security rule 7)', () => {
    fc.assert(
      fc.property(any, fc.array(any, { maxLength: 4 }), callsNear(name), (child, parents, call) => {
        const alone = parents.some((parent) => isWithin(child, parent));
        const aloneCalled = parents.some((parent) => coversCall([parent], call, terms).covered);
        return coversDetails([child], parents) === alone && coversCall(parents, call, terms).covered === aloneCalled;
      }),
      runs,
    );
  });

  test('whatever narrows is within, and differs only where somebody enforces it (security rule 7)', () => {
    fc.assert(
      fc.property(any, any, (child, parent) => {
        if (!narrows(child, parent, terse)) return true;
        const fields = detailTypeOf(parent)
          .fields(parent, terse)
          .filter((field) => field.narrowable);
        return isWithin(child, parent) && (canonicalJson(child) === canonicalJson(parent) || fields.length > 0);
      }),
      runs,
    );
  });

  test('where nobody enforces anything, nothing can be narrowed (security rule 7)', () => {
    fc.assert(
      fc.property(any, any, (child, parent) => {
        const fields = detailTypeOf(parent).fields(parent);
        const held = fields.some((field) => !field.enforcedBy.includes('none'));
        return held || !narrows(child, parent) || canonicalJson(child) === canonicalJson(parent);
      }),
      runs,
    );
  });
});

test.each(Object.entries(detailsOf))('some calls are covered by %s, or it is a type that covers none', (name, any) => {
  const covered = fc.sample(fc.tuple(any, callsNear(name)), { numRuns: 3000, seed: 7 });
  const coversNone = ['app.counterfoil.passkey-use', 'app.counterfoil.credential-use'].includes(name);
  expect(covered.some(([detail, call]) => coversCall([detail], call, terms).covered)).toBe(!coversNone);
});

test('details of different types are never within each other', () => {
  const any = fc.oneof(...Object.values(detailsOf), unknownDetail);
  fc.assert(
    fc.property(any, any, (a, b) => a.type === b.type || !isWithin(a, b)),
    runs,
  );
});
