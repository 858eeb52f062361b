import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { DemoProgram } from '../demo-program.ts';
import { createDemoProcesses } from './processes.ts';

interface DemoProgramChoice {
  readonly log: Log;
}

/** The demonstration of this installation, from its `resources/demo`. */
export function chooseDemoProgram({ log }: DemoProgramChoice): DemoProgram {
  return createDemoProcesses({ folder: findDemoFolder(dirname(fileURLToPath(import.meta.url))), log, clock: systemClock });
}

/** Looks upwards: this file is deeper in the sources than in what was built from them. */
function findDemoFolder(from: string): string {
  const here = join(from, 'resources', 'demo');
  const above = dirname(from);
  return above === from || existsSync(join(here, 'agent.ts')) ? here : findDemoFolder(above);
}
