import { describe, expect, it } from 'vitest';
import { findDebugger, type StartedProcess } from '../../src/shell/find-debugger.ts';

const plain: StartedProcess = {
  execArgv: ['--disable-sigusr1'],
  nodeOptions: undefined,
  inspectorUrl: undefined,
  signalOpensInspector: true,
};

describe('starting under a debugger', () => {
  it('is not found in a plain start', () => {
    expect(findDebugger(plain)).toBeUndefined();
    expect(findDebugger({ ...plain, nodeOptions: '' })).toBeUndefined();
  });

  it.each(['--inspect', '--inspect=0', '--inspect-brk=127.0.0.1:9229', '--inspect-wait', '--inspect-port=1', '--debug-port=1'])(
    '%s is refused (security rule 19)',
    (flag) => {
      expect(findDebugger({ ...plain, execArgv: [...plain.execArgv, flag] })).toContain(flag.replace(/=.*/, ''));
    },
  );

  it.each(['--require=x.js', '-r', '--import', '--loader=x', '--experimental-loader=x'])(
    'the hook %s is refused (security rule 19)',
    (flag) => {
      expect(findDebugger({ ...plain, execArgv: [...plain.execArgv, flag] })).toBeDefined();
    },
  );

  it('any NODE_OPTIONS is refused, harmless or not (security rule 19)', () => {
    expect(findDebugger({ ...plain, nodeOptions: '--max-old-space-size=4096' })).toContain('NODE_OPTIONS');
  });

  it('an inspector that is open already is refused (security rule 19)', () => {
    expect(findDebugger({ ...plain, inspectorUrl: 'ws://127.0.0.1:9229/x' })).toContain('debugger');
  });

  it('a start in which SIGUSR1 would open one is refused (security rule 19)', () => {
    expect(findDebugger({ ...plain, execArgv: [] })).toContain('--disable-sigusr1');
    expect(findDebugger({ ...plain, execArgv: [], signalOpensInspector: false })).toBeUndefined();
  });
});
