import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const insertion = 'function __insertCSS(code) {';

/**
 * sonner writes a style element when it loads, which `style-src 'self'` forbids. Its stylesheet is imported by
 * `ui/toasts.tsx` instead, and the writing is taken out here. Fails the build when sonner changes that line.
 */
export function withoutStyleElements(): Plugin {
  return {
    name: 'without-style-elements',
    transform(code, id) {
      if (!id.includes('/sonner/dist/')) return null;
      if (!code.includes(insertion)) {
        if (id.endsWith('.css')) return null;
        throw new Error('sonner no longer inserts its styles where expected: see renderer/vite.config.ts');
      }
      return { code: code.replace(insertion, `${insertion} return;`), map: null };
    },
  };
}

/** Browsers that know `light-dark()`: what we start ourselves, and anything current. */
export const targets = ['chrome130', 'firefox132', 'safari18'];

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react(), tailwindcss(), withoutStyleElements()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: targets,
    cssTarget: targets,
    manifest: true,
    // A `data:` script or stylesheet would be refused by the page's policy.
    assetsInlineLimit: 0,
    // Inter-page loading works without the polyfill in every target.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
