import { useId } from 'preact/hooks';

import { t } from '../strings.ts';

export interface ForChoiceProps {
  readonly forTwo: boolean;
  readonly onChange: (forTwo: boolean) => void;
}

const CHOICES = ['many', 'pair'] as const;

/** A room for many, or for two: side by side, each with what it means. */
export function ForChoice({ forTwo, onChange }: ForChoiceProps) {
  const id = useId();
  return (
    <fieldset class="kinds kinds-pair" data-testid="for">
      <legend>{t.two.choice}</legend>
      {CHOICES.map((choice) => {
        const [name, meaning] = t.two[choice];
        return (
          <label key={choice} class="kind">
            <input
              type="radio"
              name="for"
              value={choice}
              checked={forTwo === (choice === 'pair')}
              aria-labelledby={`${id}-${choice}`}
              aria-describedby={`${id}-${choice}-means`}
              onChange={() => onChange(choice === 'pair')}
            />
            <span class="kind-text">
              <strong id={`${id}-${choice}`}>{name}</strong>
              <span id={`${id}-${choice}-means`}>{meaning}</span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
