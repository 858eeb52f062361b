/** What stands before every endpoint: RFC 9110, RFC 9112, the loopback rules, and endpoints that are not offered. */
import { type Case, cases, everywhere } from './case.ts';
import { all, anotherHeader, body, headers, mediaType, method, path } from './draft.ts';
import { ask, call, introspect, metadata, poll, refresh, register, revoke } from './world.ts';

const posts = [ask, refresh, introspect, revoke, register];
const forms = [ask, refresh, introspect, revoke];

/** A refused Host or Origin is answered without a body: a page must not learn what runs here. */
const alike = (status: number): string => `${status} without an error`;

const notOffered: readonly (readonly [section: string, endpoint: string])[] = [
  ['RFC 9126, 2', '/par'],
  ['RFC 9126, 2', '/request'],
  ['RFC 6749, 3.1', '/auth'],
  ['RFC 6749, 3.1', '/authorize'],
  ['RFC 8628, 3.1', '/device_authorization'],
  ['OpenID Connect Core 1.0, 5.3', '/me'],
  ['OpenID Connect Core 1.0, 5.3', '/userinfo'],
  ['OpenID Connect RP-Initiated Logout 1.0, 2', '/session/end'],
  ['RFC 7592, 2', '/reg/agent_x'],
  ['RFC 7592, 2', '/register/agent_x'],
  ['RFC 9449, 4.3 (ours)', '/dpop'],
  ['RFC 9207, 2', '/callback'],
];

export const transport: readonly Case[] = [
  ...everywhere(
    'RFC 9110, 7.2',
    [...posts, poll, metadata, call],
    [
      ['another Host', headers({ Host: 'evil.example' }), alike(421)],
      [
        'Host by the name localhost',
        { by: (world) => headers({ Host: new URL(world.issuer).host.replace('127.0.0.1', 'localhost') }) },
        alike(421),
      ],
      ['Host without the port', headers({ Host: '127.0.0.1' }), alike(421)],
      [
        'two Hosts',
        { by: (world) => all(headers({ Host: new URL(world.issuer).host }), anotherHeader('Host', 'evil.example')) },
        '4(00|21) without an error',
      ],
    ],
  ),
  ...everywhere(
    'Fetch, 3.2',
    [...posts, poll, metadata, call],
    [
      ['from a page', headers({ Origin: 'https://evil.example' }), alike(403)],
      ['from a sandboxed page', headers({ Origin: 'null' }), alike(403)],
      ['from a page of our own address', { by: (world) => headers({ Origin: world.issuer }) }, alike(403)],
      ['from another site, without Origin', headers({ 'Sec-Fetch-Site': 'cross-site' }), alike(403)],
    ],
  ),
  ...everywhere('RFC 9110, 15.5.6', posts, [
    ['by GET', (draft) => ({ method: 'GET', path: draft.path, headers: draft.headers }), '405 invalid_request'],
    ['by PUT', method('PUT'), '405 invalid_request'],
    ['by OPTIONS', method('OPTIONS'), '405 invalid_request'],
  ]),
  ...everywhere('RFC 9110, 15.5.16', posts, [
    ['as text', mediaType('text/plain'), '415 invalid_request'],
    ['without a media type', mediaType(undefined), '415 invalid_request'],
    ['compressed', headers({ 'Content-Encoding': 'gzip' }), '415 invalid_request'],
  ]),
  ...everywhere('RFC 6749, 3.2', forms, [
    ['as JSON', body('{}', 'application/json'), '415 invalid_request'],
    [
      'with everything in the query',
      (draft) => ({ ...draft, path: `${draft.path}?grant_type=x`, body: '' }),
      '400 invalid_request',
    ],
    ['with an empty body', body(''), '400 invalid_request'],
  ]),
  ...everywhere('RFC 9110, 15.5.14', posts, [
    ['of sixty kilobytes', (draft) => ({ ...draft, body: 'x'.repeat(60 * 1024) }), '413 invalid_request'],
  ]),
  ...cases('RFC 7591, 3.1', register, [
    ['no JSON', body('{'), '400 invalid_request'],
    ['a list', body('[]'), '400 invalid_(request|client_metadata)'],
    ['text', body('"x"'), '400 invalid_(request|client_metadata)'],
    ['null', body('null'), '400 invalid_(request|client_metadata)'],
    ['an empty body', body(''), '400 invalid_(request|client_metadata)'],
  ]),
  ...notOffered.flatMap(([section, endpoint]) => [
    ...cases(section, ask, [[`at ${endpoint}, which is not offered`, path(endpoint), '404 invalid_request']]),
    ...cases(section, metadata, [[`of ${endpoint}, which is not offered`, path(endpoint), '404 invalid_request']]),
  ]),
];
