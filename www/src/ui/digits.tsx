import { useMemo } from 'preact/hooks';

export interface DigitsProps {
  /** 60 of them. */
  readonly digits: string;
  readonly label: string;
}

/** A number people read to each other: twelve groups of five, on three or four lines. */
export function Digits({ digits, label }: DigitsProps) {
  const groups = useMemo(() => digits.match(/.{1,5}/g) ?? [], [digits]);
  return (
    <div class="digits" role="group" aria-label={label} data-testid="digits" data-digits={digits}>
      {groups.map((group, index) => (
        <span key={index}>{group}</span>
      ))}
    </div>
  );
}
