import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAgainstVersion } from '../../src/authserver/library-internals.ts';
import { wireErrorOf } from '../../src/authserver/wire-errors.ts';
import { Refusal, refusalCodes } from '../../src/base/errors.ts';

const issuer = 'http://127.0.0.1:7417';

describe('an OAuth error', () => {
  test.each(refusalCodes)('for %s is JSON that a stock client reads', (code) => {
    const { status, body } = wireErrorOf(new Refusal(code, 'Words.', { hint: 'Do this.' }), issuer);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toMatchObject({
      error: expect.stringMatching(/^[a-z_]+$/) as string,
      error_description: 'Words.',
      hint: 'Do this.',
    });
  });

  test('carries members such as required_details, and none that replaces a standard one', () => {
    const { body } = wireErrorOf(
      new Refusal('details_invalid', 'Words.', { members: { required_details: [1], error: 'x' } }),
      issuer,
    );
    expect(body).toMatchObject({ required_details: [1], error: 'invalid_authorization_details' });
  });

  test('describes itself in the characters of RFC 6749, 5.2', () => {
    expect(wireErrorOf(new Refusal('approval_denied', 'Nein, "spät"\n\\'), issuer).body['error_description']).toMatch(
      /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/,
    );
  });

  test('says nothing of a bug', () => {
    expect(wireErrorOf(new Error('/home/person'), issuer)).toMatchObject({ status: 500, body: { error: 'server_error' } });
    expect(JSON.stringify(wireErrorOf(new Error('/home/person'), issuer))).not.toContain('/home/person');
  });
});

test('what we take from inside oidc-provider was read against the version that is installed', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../node_modules/oidc-provider/package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  expect(version).toBe(readAgainstVersion);
});
