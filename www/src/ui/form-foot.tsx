import type { Attempt } from '../room/connect.ts';
import { t } from '../strings.ts';

export interface FormFootProps {
  readonly attempt: Attempt;
  readonly submit: string;
  readonly busy: string;
}

/** The end of a form that gets into a room: what went wrong, and the buttons. */
export function FormFoot({ attempt, submit, busy }: FormFootProps) {
  return (
    <>
      {attempt.problem !== undefined && (
        <p class="problem" role="alert" data-testid="problem">
          {attempt.problem}
        </p>
      )}
      <div class="button-row">
        <button type="submit" class="button button-primary button-wide" disabled={attempt.busy} data-testid="enter">
          {attempt.busy ? busy : submit}
        </button>
        {attempt.busy && (
          <button type="button" class="button" onClick={attempt.cancel}>
            {t.cancel}
          </button>
        )}
      </div>
    </>
  );
}
