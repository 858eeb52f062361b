import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { version } from '../../src/shell/version.ts';

it('the program and its package say the same version', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(version).toBe((JSON.parse(text) as { readonly version: string }).version);
});
