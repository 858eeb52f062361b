import { useState } from 'react';
import { Segmented } from '../../ui/choice.tsx';
import { chooseTheme, chosenTheme, type Theme, themes } from '../../ui/theme.ts';
import { Section } from './section.tsx';
import { text } from './text.ts';

/** Light, dark, or as the system. */
export function ThemeSetting() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <Section title={text.theme.title}>
      <Segmented
        label={text.theme.label}
        options={themes.map((value) => ({ value, label: text.theme.names[value] }))}
        value={theme}
        onChange={choose}
      />
      <p className="mt-1 text-sm text-ink-3">{text.theme.meaning}</p>
    </Section>
  );
}
