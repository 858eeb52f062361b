import type { Log } from '../../base/log.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import { createDarwinProcesses } from './darwin.ts';
import { createLinuxProcesses } from './linux.ts';
import { unknownProcesses } from './unknown.ts';
import { createWindowsProcesses } from './windows.ts';

/** @param platform As `process.platform` spells it. */
export function chooseProcessIdentity(platform: string, options: { readonly log: Log }): ProcessIdentity {
  switch (platform) {
    case 'linux':
      return createLinuxProcesses(options);
    case 'darwin':
      return createDarwinProcesses(options);
    case 'win32':
      return createWindowsProcesses(options);
    default:
      return unknownProcesses;
  }
}
