/** Switches that let another program into this one: Chromium's, then Node's. */
const forbidden = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'remote-allow-origins',
  'load-extension',
  'disable-web-security',
  'js-flags',
  'host-rules',
  'host-resolver-rules',
  'proxy-server',
  'proxy-pac-url',
];
const forbiddenPattern = /^--?(inspect|remote-debugging|load-extension)([-=].*)?$/;

/**
 * The first switch under which we do not run, or `undefined` (security rule 19). Chromium's own command line is asked as well as
 * the arguments, because some switches come from other places.
 */
export function findForbiddenSwitch(args: readonly string[], hasSwitch: (name: string) => boolean): string | undefined {
  // security: rule 19
  const named = forbidden.find(
    (name) => hasSwitch(name) || args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)),
  );
  return named === undefined ? args.find((arg) => forbiddenPattern.test(arg))?.replace(/=.*$/, '') : `--${named}`;
}
