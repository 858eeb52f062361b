import { expect, test } from 'vitest';
import { parseCallBody } from '../../src/gateway/parse-call-body.ts';

const call = (members: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send","arguments":{"to":"a"${members}}}}`);

test.each([',"to":"b"', ',"__proto__":{"bcc":"x"}', ',"__pr\\u006fto__":{"bcc":"x"}'])(
  'a member that two readers read differently is refused, before anything is matched: %s',
  (members) => {
    expect(parseCallBody(call(''), 'application/json')).toMatchObject({ params: { arguments: { to: 'a' } } });
    expect(() => parseCallBody(call(members), 'application/json')).toThrow(/stands twice/);
  },
);
