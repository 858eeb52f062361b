import { describe, expect, test } from 'vitest';
import { findPeerRows, parseProcNet } from '../../src/platform/process-identity/parse-proc-net.ts';
import { parseStat, parseStatus } from '../../src/platform/process-identity/parse-stat.ts';
import { nameIn } from '../../src/platform/process-identity/user-name.ts';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:B813 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 340000 1 0000000000000000 100 0 0 10 0
  12: 0100007F:D431 0100007F:B813 01 00000000:00000000 00:00000000 00000000  1000        0 345678 1 0000000000000000 20 4 30 10 -1
  13: 0100007F:B813 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 345679 1 0000000000000000 20 4 30 10 -1
  14: 0100007F:D432 0100007F:B813 06 00000000:00000000 03:00000F2A 00000000     0        0 0 3 0000000000000000
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:D440 00000000000000000000000001000000:B813 01 00000000:00000000 00:00000000 00000000  1000        0 345700 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:D441 0000000000000000FFFF00000100007F:B813 01 00000000:00000000 00:00000000 00000000  1001        0 345701 1 0000000000000000 20 4 30 10 -1
`;
const peer = (remotePort: number, family: 4 | 6 = 4) => ({ kind: 'tcp', localPort: 0xb813, remotePort, family }) as const;

describe('/proc/net/tcp, proc(5)', () => {
  test('the row of the other end is found, with its user and its socket', () => {
    expect(findPeerRows(parseProcNet(tcp), peer(0xd431))).toEqual([
      { localAddress: '127.0.0.1', localPort: 0xd431, remoteAddress: '127.0.0.1', remotePort: 0xb813, uid: 1000, inode: 345_678 },
    ]);
  });

  test('our own end, a listener and a connection that nobody holds are not the other end', () => {
    const rows = parseProcNet(tcp);
    expect(findPeerRows(rows, { ...peer(0xb813), localPort: 0xd400 })).toEqual([]);
    expect(findPeerRows(rows, peer(0))).toEqual([]);
    expect(findPeerRows(rows, peer(0xd432))).toEqual([]);
  });

  test('an IPv6 connection is found, and an IPv4 one that was made from an IPv6 socket', () => {
    const rows = parseProcNet(tcp6);
    expect(findPeerRows(rows, peer(0xd440, 6))).toMatchObject([{ localAddress: '0:0:0:0:0:0:0:1', inode: 345_700 }]);
    expect(findPeerRows(rows, peer(0xd441))).toMatchObject([{ localAddress: '127.0.0.1', inode: 345_701, uid: 1001 }]);
    expect(findPeerRows(rows, peer(0xd441, 6))).toEqual([]);
  });

  test.each([
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::0001%lo', '::1'],
  ])('addresses are compared, however they are written: %s', (remoteAddress, localAddress) => {
    expect(findPeerRows(parseProcNet(tcp6), { ...peer(0xd440, 6), remoteAddress, localAddress })).toHaveLength(1);
    expect(findPeerRows(parseProcNet(tcp6), { ...peer(0xd440, 6), remoteAddress: '::2', localAddress })).toHaveLength(0);
  });

  test('a mapped address names the IPv4 connection', () => {
    const mapped = { ...peer(0xd441, 6), remoteAddress: '::ffff:127.0.0.1', localAddress: '::ffff:127.0.0.1' };
    expect(findPeerRows(parseProcNet(tcp6), mapped)).toHaveLength(1);
  });

  test('another address of loopback with the same ports is another connection', () => {
    const rows = parseProcNet(tcp.replace('0100007F:B813 0100007F:D431', '0200007F:D431 0100007F:B813'));
    expect(findPeerRows(rows, peer(0xd431))).toHaveLength(2);
    const named = { ...peer(0xd431), remoteAddress: '127.0.0.2', localAddress: '127.0.0.1' };
    expect(findPeerRows(rows, named)).toMatchObject([{ inode: 345_679 }]);
  });

  test.each(['', 'nonsense', '  12: 0100007F:D431 0100007F:B813 01', '0: ZZ00007F:D431 0100007F:B813 01 0:0 0:0 0 1000 0 5'])(
    'a line that does not fit is skipped: %j',
    (text) => {
      expect(parseProcNet(text)).toEqual([]);
    },
  );
});

describe('/proc/pid/stat, proc(5)', () => {
  const fields = '100 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9914211 0 0';

  test('parent and start time are read, whatever the program is called', () => {
    expect(parseStat(`8123 (node) S ${fields}`)).toEqual({ parentPid: 100, startTime: '9914211' });
    expect(parseStat(`8123 (a) S 1 1 (b) R ${fields}`)).toEqual({ parentPid: 100, startTime: '9914211' });
  });

  test.each(['', '8123 (node) S', '8123 (node) S x 1 1'])('a line that does not fit is nothing: %j', (line) => {
    expect(parseStat(line)).toBeUndefined();
  });
});

test('the real user id and the marks of a sandbox are read from the status', () => {
  const text = 'Name:\tnode\nUid:\t1000\t0\t0\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n';
  expect(parseStatus(text)).toEqual({ uid: 1000, noNewPrivileges: true, seccomp: 2 });
  expect(parseStatus('')).toEqual({ noNewPrivileges: false, seccomp: 0 });
});

test('the name of a user comes from the line with that id', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\n';
  expect(nameIn(passwd, 1000)).toBe('ann');
  expect(nameIn(passwd, 1001)).toBeUndefined();
});
