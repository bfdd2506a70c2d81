import { useStore } from '../lib/store.ts';
import { chooseTheme, theme } from '../lib/theme.ts';
import { t } from '../strings.ts';

const CHOICES = ['system', 'light', 'dark'] as const;

/** Three radio buttons in the shape of one switch: arrow keys move between them. */
export function ThemeSwitch() {
  const chosen = useStore(theme);
  return (
    <fieldset class="switch" data-testid="theme">
      <legend class="sr-only">{t.theme.label}</legend>
      {CHOICES.map((choice) => (
        <label key={choice} class="switch-choice">
          <input
            class="sr-only"
            type="radio"
            name="theme"
            value={choice}
            checked={chosen === choice}
            onChange={() => chooseTheme(choice)}
          />
          <span>{t.theme[choice]}</span>
        </label>
      ))}
    </fieldset>
  );
}
