import { useId } from 'preact/hooks';

import { t } from '../strings.ts';

export interface NameFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly disabled: boolean;
  readonly focus?: boolean;
}

/** The name others see. */
export function NameField({ value, onInput, disabled, focus = false }: NameFieldProps) {
  const id = useId();
  return (
    <div class="form-row">
      <label for={id}>{t.name}</label>
      <input
        id={id}
        class="field"
        data-testid="name"
        value={value}
        placeholder={t.namePlaceholder}
        maxLength={40}
        autoComplete="nickname"
        autoFocus={focus}
        disabled={disabled}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}
