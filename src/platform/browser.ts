/** Opens pages for the person. */
export interface Browser {
  /**
   * Opens our own UI in a window of its own. `false` when no browser could be started: then the shell
   * prints the link instead.
   */
  openWindow(url: string): Promise<boolean>;
  /** Opens a provider's sign-in page. Only `https:`, or `http:` on loopback; refuses `invalid_input` otherwise. */
  openLink(url: string): Promise<boolean>;
}
