import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Listener, RouteRule } from '../../src/gate/gate.ts';
import { bindLoopback, checkRequest, sendProblem } from '../../src/gate/gate.ts';

const ours = 'http://ui.localhost';
const routes: readonly RouteRule[] = [
  { path: '/read', methods: ['GET', 'HEAD'] },
  { path: '/callback', methods: ['GET'], navigable: true },
  { path: '/form', methods: ['POST'], mediaTypes: ['application/x-www-form-urlencoded'], maxBytes: 16 },
  { path: '/under/', prefix: true, methods: ['GET', 'POST'], maxBytes: 16 },
];

let listener: Listener;
let host: string;

beforeAll(async () => {
  listener = await bindLoopback({ port: 0, hosts: ['127.0.0.1'] });
  host = `127.0.0.1:${listener.port}`;
  listener.serve((request, response) => {
    try {
      const { path, query } = checkRequest(request, { hosts: [host], origins: [ours], routes });
      response.end(`passed ${path} ${query}`);
    } catch (error) {
      sendProblem(response, error);
    }
  });
});

afterAll(() => listener.close());

/** One request as written, so that a test can send what no client would. */
function raw(lines: readonly string[], body = ''): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(listener.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...rest] = text.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') });
    });
    socket.end(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`, 'latin1');
  });
}

const get = (target: string, ...headers: readonly string[]) => raw([`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers]);
const codeOf = (answer: { body: string }): unknown => (JSON.parse(answer.body) as { code?: unknown }).code;

describe('Host', () => {
  test('of the listener passes', async () => {
    expect(await get('/read?a=b')).toMatchObject({ status: 200, body: 'passed /read ?a=b' });
  });

  test.each([
    ['a rebound name', () => `evil.example:${listener.port}`],
    ['localhost, which is not the issuer', () => `localhost:${listener.port}`],
    ['another port', () => '127.0.0.1:1'],
    ['no port', () => '127.0.0.1'],
    ['a name that begins like ours', () => `127.0.0.1:${listener.port}.evil.example`],
    ['the any address', () => `0.0.0.0:${listener.port}`],
    ['nothing', () => ''],
  ])('with %s is refused', async (_what, value) => {
    const answer = await raw(['GET /read HTTP/1.1', `Host: ${value()}`]);
    expect(answer.status).toBe(421);
    expect(answer.body).toBe('');
  });

  test('sent twice is refused', async () => {
    expect((await raw(['GET /read HTTP/1.1', `Host: ${host}`, `Host: ${host}`])).status).toBe(421);
  });

  test('left out, as HTTP/1.0 allows, is refused', async () => {
    expect((await raw(['GET /read HTTP/1.0'])).status).toBe(421);
  });
});

describe('Origin', () => {
  test('of the own page passes', async () => {
    expect((await get('/read', `Origin: ${ours}`)).status).toBe(200);
  });

  test.each(['https://evil.example', 'null', 'http://ui.localhost.evil.example', 'http://127.0.0.1:1', ''])(
    '%j is refused',
    async (origin) => {
      const answer = await get('/read', `Origin: ${origin}`);
      expect(answer.status).toBe(403);
      expect(answer.body).toBe('');
    },
  );

  test('sent twice is refused', async () => {
    expect((await get('/read', `Origin: ${ours}`, `Origin: ${ours}`)).status).toBe(403);
  });

  test('gets no permission to read an answer', async () => {
    expect((await get('/read', `Origin: ${ours}`)).head.toLowerCase()).not.toContain('access-control-');
  });

  test('that is refused gets the same body as a Host that is', async () => {
    const byOrigin = await get('/read', 'Origin: null');
    const byHost = await raw(['GET /read HTTP/1.1', 'Host: evil.example']);
    const byPath = await get('/nowhere', 'Origin: null');
    expect([byHost.body, byPath.body]).toEqual([byOrigin.body, byOrigin.body]);
  });
});

describe('fetch metadata', () => {
  test.each(['same-origin', 'none'])('Sec-Fetch-Site: %s passes', async (site) => {
    expect((await get('/read', `Sec-Fetch-Site: ${site}`)).status).toBe(200);
  });

  test.each(['cross-site', 'same-site', 'other'])('Sec-Fetch-Site: %s is refused', async (site) => {
    expect((await get('/read', `Sec-Fetch-Site: ${site}`)).status).toBe(403);
  });

  test("Node's own fetch, which sends a mode and nothing else, passes", async () => {
    expect((await get('/read', 'Sec-Fetch-Mode: cors')).status).toBe(200);
  });

  test.each(['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: image', 'Sec-Fetch-User: ?1'])(
    '%s without a site is refused',
    async (header) => {
      expect((await get('/read', header)).status).toBe(403);
    },
  );

  const navigation = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];

  test('a link from another site passes where it is expected', async () => {
    expect((await get('/callback?code=1', ...navigation)).status).toBe(200);
  });

  test('a link from another site is refused everywhere else', async () => {
    expect((await get('/read', ...navigation)).status).toBe(403);
  });

  test('a frame from another site is refused also where a link is expected', async () => {
    expect(
      (await get('/callback', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe')).status,
    ).toBe(403);
  });
});

describe('request target', () => {
  test.each(['http://127.0.0.1/read', '//evil.example/read', '*', '/read\\x', '/a"b', '/read#part'])(
    '%s is refused',
    async (target) => {
      const answer = await raw([`GET ${target} HTTP/1.1`, `Host: ${host}`]);
      expect([400, 404]).toContain(answer.status);
      expect(answer.body).not.toContain('passed');
    },
  );

  test('with raw bytes beyond ASCII is refused', async () => {
    expect((await get('/under/\xe9')).status).toBe(400);
  });

  test('in absolute form is refused by name', async () => {
    expect(codeOf(await raw([`GET http://${host}/read HTTP/1.1`, `Host: ${host}`]))).toBe('target_refused');
  });

  test('CONNECT gets no answer', async () => {
    expect((await raw(['CONNECT 127.0.0.1:80 HTTP/1.1', `Host: ${host}`])).status).not.toBe(200);
  });

  test('with an upgrade is refused', async () => {
    expect(codeOf(await get('/read', 'Upgrade: websocket'))).toBe('target_refused');
  });

  test('that no rule names is not found', async () => {
    expect((await get('/nowhere')).status).toBe(404);
    expect((await get('/READ')).status).toBe(404);
    expect((await get('/read/')).status).toBe(404);
  });

  test('under a prefix passes', async () => {
    expect((await get('/under/a/b?c')).body).toBe('passed /under/a/b ?c');
  });
});

describe('method', () => {
  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])(
    '%s is refused where it is not offered, and says what is',
    async (method) => {
      const answer = await raw([`${method} /read HTTP/1.1`, `Host: ${host}`]);
      expect(answer.status).toBe(405);
      expect(answer.head).toContain('Allow: GET, HEAD');
    },
  );
});

describe('body', () => {
  const post = (body: string, ...headers: readonly string[]) => raw([`POST /form HTTP/1.1`, `Host: ${host}`, ...headers], body);
  const type = 'Content-Type: application/x-www-form-urlencoded; charset=utf-8';

  test('of the expected type passes', async () => {
    expect((await post('a=b', type, 'Content-Length: 3')).status).toBe(200);
  });

  test.each(['Content-Type: text/plain', 'Content-Type: application/json', 'X-None: 1'])('with %s is refused', async (header) => {
    expect((await post('a=b', header, 'Content-Length: 3')).status).toBe(415);
  });

  test('compressed is refused', async () => {
    expect((await post('a=b', type, 'Content-Encoding: gzip', 'Content-Length: 3')).status).toBe(415);
  });

  test('announced as too long is refused before it is read', async () => {
    const answer = await post('', type, 'Content-Length: 17');
    expect(answer.status).toBe(413);
    expect(answer.head).toContain('Connection: close');
  });

  test('where none is expected is refused', async () => {
    expect((await raw(['GET /read HTTP/1.1', `Host: ${host}`, 'Content-Length: 1'], 'x')).status).toBe(413);
    expect((await raw(['GET /read HTTP/1.1', `Host: ${host}`, 'Transfer-Encoding: chunked'], '0\r\n\r\n')).status).toBe(413);
  });

  test('with two lengths is refused', async () => {
    expect((await post('a=b', type, 'Content-Length: 3', 'Content-Length: 3')).status).toBe(400);
  });

  test('with a length and chunks is refused', async () => {
    expect((await post('0\r\n\r\n', type, 'Content-Length: 3', 'Transfer-Encoding: chunked')).status).toBe(400);
  });
});

describe('headers that must be one', () => {
  test.each(['Authorization: DPoP a', 'DPoP: a', 'Content-Type: text/plain'])('%s sent twice is refused', async (header) => {
    expect(codeOf(await get('/read', header, header))).toBe('invalid_input');
  });
});
