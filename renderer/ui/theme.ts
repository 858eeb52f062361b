export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'counterfoil.theme';

function isTheme(value: string | null): value is Theme {
  return themes.some((theme) => theme === value);
}

/** The theme chosen on this machine. `auto` follows the system. */
export function chosenTheme(): Theme {
  const stored = localStorage.getItem(key);
  return isTheme(stored) ? stored : 'auto';
}

/** Draws the page in a theme. */
export function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Keeps a choice and draws the page in it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  applyTheme(theme);
}
