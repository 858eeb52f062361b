import { describe, expect, it } from 'vitest';
import { findDebugger, type StartedProcess } from '../../src/shell/find-debugger.ts';

const plain: StartedProcess = {
  execArgv: ['--disable-sigusr1'],
  variables: ['PATH', 'HOME'],
  inspectorUrl: undefined,
  signalOpensInspector: true,
};

describe('starting under a debugger', () => {
  it('is not found in a plain start', () => {
    expect(findDebugger(plain)).toBeUndefined();
    expect(findDebugger({ ...plain, execArgv: [...plain.execArgv, '--max-old-space-size=4096'] })).toBeUndefined();
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

  it.each([
    '--heapsnapshot-signal=SIGUSR2',
    '--tls-keylog=x',
    '--openssl-config=x',
    '--report-on-signal',
    '--cpu-prof',
    '--env-file=x',
    '--allow-natives-syntax',
    '--expose-internals',
    '-e',
    '--a-flag-of-tomorrow',
  ])('the flag %s is refused, like any that is not known to be harmless (security rule 19)', (flag) => {
    expect(findDebugger({ ...plain, execArgv: [...plain.execArgv, flag] })).toContain(flag.replace(/=.*/, ''));
  });

  it.each([
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_REPL_EXTERNAL_MODULE',
    'NODE_V8_COVERAGE',
    'NODE_COMPILE_CACHE',
    'NODE_DEBUG',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'OPENSSL_CONF',
    'SSLKEYLOGFILE',
    'LD_PRELOAD',
    'LD_AUDIT',
    'DYLD_INSERT_LIBRARIES',
  ])('%s is refused, whatever it says (security rule 19)', (name) => {
    expect(findDebugger({ ...plain, variables: [...plain.variables, name] })).toContain(name);
  });

  it('an inspector that is open already is refused (security rule 19)', () => {
    expect(findDebugger({ ...plain, inspectorUrl: 'ws://127.0.0.1:9229/x' })).toContain('debugger');
  });

  it('a start in which SIGUSR1 would open one is refused (security rule 19)', () => {
    expect(findDebugger({ ...plain, execArgv: [] })).toContain('--disable-sigusr1');
    expect(findDebugger({ ...plain, execArgv: [], signalOpensInspector: false })).toBeUndefined();
  });
});
