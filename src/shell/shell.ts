/**
 * What both shells do around a core: folders, one running instance per data folder, the log, the descriptor, and refusing to run
 * under a debugger. Electron and the headless process build the same core; what they share lies here, so that neither imports
 * the other.
 *
 * Words: the *data folder* holds what must survive (database, log, lock); the *runtime folder* holds what is only true while
 * we run (descriptor, socket). The *descriptor* says where agents find us; it is a hint and holds no secret (security rule 29).
 *
 * The environment is read by shells and handed in here as a value. Nothing here may know what the core decides.
 */
export { askRunningInstance } from './ask-running-instance.ts';
export type { ShellLog } from './create-log.ts';
export { createLog } from './create-log.ts';
export type { Descriptor } from './descriptor.ts';
export { removeDescriptor, thumbprintOf, writeDescriptor } from './descriptor.ts';
export type { StartedProcess } from './find-debugger.ts';
export { findDebugger } from './find-debugger.ts';
export type { Environment, Folders, Machine } from './folders.ts';
export { chooseFolders } from './folders.ts';
export type { InstanceLock } from './instance-lock.ts';
export { takeInstanceLock } from './instance-lock.ts';
export { prepareFolders } from './prepare-folders.ts';
export { thisMachine } from './this-machine.ts';
