import { useState } from 'preact/hooks';

import { t } from '../strings.ts';
import { DeviceSection } from './device-section.tsx';
import { Dialog } from './dialog.tsx';
import { KeyIcon } from './icons.tsx';

/** A button, and behind it who this device is. */
export function DeviceButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button button-tool" data-testid="device-open" onClick={() => setOpen(true)}>
        <KeyIcon />
        {t.device.open}
      </button>
      {open && (
        <Dialog title={t.device.title} onClose={() => setOpen(false)}>
          <div class="about">
            <DeviceSection />
          </div>
        </Dialog>
      )}
    </>
  );
}
