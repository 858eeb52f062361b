/** Where a bare oidc-provider answers a case of the matrix otherwise than we do, and why that is right. */
export interface Difference {
  readonly who: 'bare accepts, we refuse' | 'we accept, bare refuses' | 'both refuse';
  readonly reason: string;
  /** Titles of cases. */
  readonly cases: readonly RegExp[];
  /** What the bare provider answers to them. */
  readonly bare: RegExp;
}

const served = /^20[01] ok$/;

export const differences: readonly Difference[] = [
  {
    who: 'bare accepts, we refuse',
    reason:
      'An assertion lives at most 60 seconds and was not made in the future (security rule 18); RFC 7523, 3 leaves both to the server.',
    cases: [/iat in the future/, /a life of an hour/, /made an hour ago/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'One JWT in one spelling: padding and loose last bits decode to the same bytes, so replays could be spelt anew (security rule 18; RFC 7515, 2).',
    cases: [/RFC 8725, 3: .*, padded/, /loose last bits/, /RFC 9449.* check 2, padded/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'The library does not look at a proof at its backchannel endpoint (no standard defines one there); we pin the key that asks, so a proof that is sent must be good.',
    cases: [/^RFC 9449, 4\.3: a request with a proof at \/bc-authorize/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'typ is the exact text dpop+jwt (RFC 9449, 4.2); the library takes the media type in any spelling.',
    cases: [/ at \/token, check 4, typ (with its media type|in capitals)/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'iat must be near now besides the nonce (RFC 9449, 4.3, check 11); the library lets a nonce stand in for it.',
    cases: [/ at \/token, check 11/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'jti has at most 256 characters: it is remembered. The library takes any, and refuses the second use as invalid_grant.',
    cases: [/ at \/token, check 3, jti of a kilobyte/],
    bare: /^(200 ok|400 invalid_grant)$/,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'The library leaves refresh tokens of authenticated clients unbound (RFC 9449, 5 allows it); ours are bound to the key of their grant.',
    cases: [/a refresh at \/token, (another key|the key of another agent)/],
    bare: served,
  },
  {
    who: 'both refuse',
    reason:
      'A proof is missing: RFC 9449 names no code where a client is bound by its registration; the library says invalid_grant, we invalid_dpop_proof. It takes an empty header for none.',
    cases: [/^RFC 9449, 5: .*, no proof/, / at \/token, check 2, empty/],
    bare: /^400 invalid_grant$/,
  },
  {
    who: 'both refuse',
    reason: 'A header that may be sent once is refused by our gate before any endpoint.',
    cases: [/ at \/token, check 1, two proofs/],
    bare: /^400 invalid_dpop_proof$/,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'Which scopes there are, and which the details need, is ours to say: a scope that no detail needs would be granted without a word on the card.',
    cases: [/^CIBA Core 1\.0, 7\.1: .* a scope (of nobody|that no detail needs)/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'What cannot be shown as one quiet line is refused by the code of CIBA; the library leaves it to whoever configures it.',
    cases: [/^CIBA Core 1\.0, 13: .* a message /],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'A request without details is one without anything to show, so details are required here (RFC 9396, 3 makes them optional).',
    cases: [/^RFC 9396, 2: .* (no details|empty details|an empty list)$/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'The schema of each type is ours: unknown members, wrong values, members that stand twice and sizes are refused (RFC 9396, 5).',
    cases: [/^RFC 9396, [25]: /],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'A token request may not ask for more than was granted (RFC 9396, 6); the library leaves the comparison to whoever configures it.',
    cases: [/^RFC 9396, 6: a refresh at \/token, (more actions than were|another type than was) granted/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'Which resources there are is ours to say; each has one spelling, and a request names exactly one (RFC 8707, 2).',
    cases: [/^RFC 8707, 2: /],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'A registration is one public key and nothing that redirects, fetches, shares a secret, or cannot be shown.',
    cases: [/^RFC 7591, 2(\.3)?: /, /^CIBA Core 1\.0, 4: .* user codes/],
    bare: served,
  },
  {
    who: 'bare accepts, we refuse',
    reason:
      'Our gate stands before every endpoint on this machine: exactly our Host, no Origin, no request of another site. A bare provider expects a proxy to do that.',
    cases: [/^RFC 9110, 7\.2: /, /^Fetch, 3\.2: /],
    bare: /^(20[01] ok|400 invalid_(request|dpop_proof))$/,
  },
  {
    who: 'bare accepts, we refuse',
    reason: 'A compressed body is not what is read: the library ignores Content-Encoding.',
    cases: [/^RFC 9110, 15\.5\.16: .*, compressed/],
    bare: served,
  },
  {
    who: 'both refuse',
    reason:
      'Media types, methods, sizes and paths have statuses of their own in HTTP; the library says 400, or 404 without a body.',
    cases: [/^RFC 9110, 15\.5\.(16|6|14): /, /^RFC 6749, 3\.2: .* as JSON/, /which is not offered$/],
    bare: /^(40[04] without an error|400 invalid_(request|redirect_uri))$/,
  },
  {
    who: 'both refuse',
    reason:
      'The library has client management below the registration endpoint and asks for its token; we do not offer it (RFC 7592).',
    cases: [/\/register\/agent_x, which is not offered$/],
    bare: /^401 invalid_token$/,
  },
];
