import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { PASSWORD_LENGTHS } from '../room/connect.ts';
import { t } from '../strings.ts';

export interface PasswordFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly disabled: boolean;
  /** Whether it is a new one, which the page may hold to its own rules. */
  readonly fresh?: boolean;
  /** Whether it takes the focus when it appears. */
  readonly focus?: boolean;
}

/** A room's password. It can be looked at: whoever sets it has to tell it to others. */
export function PasswordField(props: PasswordFieldProps) {
  const { label, hint, value, onInput, disabled, fresh = false, focus = false } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  return (
    <div class="form-row">
      <label for={id}>{label}</label>
      <div class="field-with-button">
        <input
          ref={input}
          id={id}
          class="field"
          data-testid="password"
          // The type as it is: Preact's types know text and passwords as two elements.
          {...({ type: visible ? 'text' : 'password' } as { type: 'password' })}
          value={value}
          aria-describedby={`${id}-hint`}
          // It belongs to the room, not to this site: nothing for a password manager.
          autoComplete="off"
          spellcheck={false}
          disabled={disabled}
          {...(fresh && { maxLength: PASSWORD_LENGTHS.max })}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <button
          type="button"
          class="button"
          aria-label={t.password.showLabel}
          aria-pressed={visible}
          onClick={() => setVisible(!visible)}
        >
          {visible ? t.password.hide : t.password.show}
        </button>
      </div>
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
    </div>
  );
}
