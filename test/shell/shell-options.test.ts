import { describe, expect, it } from 'vitest';
import { parseShellArguments } from '../../src/shell/shell-options.ts';

describe('the arguments of a shell', () => {
  it('are none in the usual case', () => {
    expect(parseShellArguments([])).toEqual({ kind: 'run', options: { opensUi: true, port: 7417 } });
  });

  it('choose the port and whether a window opens', () => {
    expect(parseShellArguments(['--no-open', '--port', '0'])).toEqual({ kind: 'run', options: { opensUi: false, port: 0 } });
    expect(parseShellArguments(['--port=7500'])).toMatchObject({ options: { port: 7500 } });
  });

  it.each([
    [['--help'], 'help'],
    [['--version'], 'version'],
  ])('%j asks for words', (args, kind) => {
    expect(parseShellArguments(args)).toEqual({ kind });
  });

  it.each([[['--port', 'x']], [['--port', '65536']], [['--port', '-1']], [['--nope']], [['extra']], [['--port']]])(
    '%j is refused with words',
    (args) => {
      const parsed = parseShellArguments(args);
      expect(parsed.kind).toBe('usage-error');
    },
  );
});
