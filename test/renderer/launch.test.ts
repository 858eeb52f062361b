import { describe, expect, it } from 'vitest';
import { pageOf, parseLaunch } from '../../renderer/main/launch.ts';
import { webAddress } from '../../renderer/ui/web-address.ts';

describe('the launch token', () => {
  it('is read from the fragment, with the request to open', () => {
    expect(parseLaunch('#launch=abc')).toEqual({ token: 'abc', open: undefined });
    expect(parseLaunch('#launch=abc&open=approval-1')).toEqual({ token: 'abc', open: 'approval-1' });
  });

  it('leads to the request, or to the question whether every grant shall end (security rule 29)', () => {
    expect(pageOf('apr_1&x')).toBe('#/inbox?id=apr_1%26x');
    expect(pageOf('revoke-everything')).toBe('#/grants?revoke=all');
  });

  it('is not mistaken for a page, nor a page for it', () => {
    expect(parseLaunch('#/grants?launch=abc')).toEqual({ token: undefined, open: undefined });
    expect(parseLaunch('')).toEqual({ token: undefined, open: undefined });
    expect(parseLaunch('#launch=')).toEqual({ token: undefined, open: undefined });
  });
});

describe('an address from the core', () => {
  it('is a link only when it is one of the web', () => {
    expect(webAddress('https://bank.example/a?b=c')).toBe('https://bank.example/a?b=c');
    expect(webAddress('http://127.0.0.1:7420/authorize')).toBe('http://127.0.0.1:7420/authorize');
    for (const bad of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'file:///etc/passwd',
      'data:text/html,x',
      'vbscript:x',
      '//x',
      'x',
      '',
    ]) {
      expect(webAddress(bad)).toBeUndefined();
    }
  });
});
