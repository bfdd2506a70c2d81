export interface ChoiceProps {
  readonly label: string;
  readonly choices: readonly (readonly [number, string])[];
  readonly value: number;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}

/** One of a few numbers, each told in words. */
export function Choice({ label, choices, value, disabled = false, onChange }: ChoiceProps) {
  return (
    <label class="form-row">
      {label}
      <select
        class="field"
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
      >
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice} selected={choice === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
