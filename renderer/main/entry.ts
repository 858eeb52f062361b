/**
 * The first line that runs. zod asks whether it may compile code by trying to, and a strict policy reports the attempt,
 * so it is told not to before anything that uses it is loaded.
 */
(globalThis as { __zod_globalConfig?: object }).__zod_globalConfig = { jitless: true };

const { start } = await import('./start.tsx');
const { openTransport } = await import('./open-transport.ts');
const root = document.querySelector<HTMLElement>('#root');
if (root) start(root, openTransport);
