import { createSystemBrowser, type SystemBrowser, type SystemBrowserOptions } from './system.ts';

/** The browsers of this machine. One adapter knows all systems; its options name the platform. */
export function chooseBrowser(platform: string, options: Omit<SystemBrowserOptions, 'platform'>): SystemBrowser {
  return createSystemBrowser({ ...options, platform });
}
