import { t } from '../strings.ts';
import { Dialog } from './dialog.tsx';

export interface LeaveDialogProps {
  readonly onLeave: () => void;
  readonly onStay: () => void;
}

export function LeaveDialog({ onLeave, onStay }: LeaveDialogProps) {
  return (
    <Dialog title={t.leave.title} onClose={onStay}>
      <p class="lead">{t.leave.lead}</p>
      <div class="button-row">
        <button type="button" class="button button-danger" data-testid="confirm-leave" onClick={onLeave}>
          {t.leave.confirm}
        </button>
        <button type="button" class="button" autoFocus onClick={onStay}>
          {t.leave.stay}
        </button>
      </div>
    </Dialog>
  );
}
