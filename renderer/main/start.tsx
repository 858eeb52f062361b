import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Transport } from '../../src/contract/client.ts';
import { applyTheme, chosenTheme } from '../ui/theme.ts';
import '../ui/base.css';
import { App } from './app.tsx';

/** Draws the window into an element. How it reaches the core is given. */
export function start(element: HTMLElement, openTransport: () => Promise<Transport>): void {
  applyTheme(chosenTheme());
  createRoot(element).render(
    <StrictMode>
      <App openTransport={openTransport} />
    </StrictMode>,
  );
}
