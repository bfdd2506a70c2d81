import type { SafetyNumber } from 'hushroom/room';
import { useEffect, useRef, useState } from 'preact/hooks';

import { scan } from '../room/scan.ts';
import { t } from '../strings.ts';

type Outcome = 'starting' | 'looking' | 'denied' | 'failed' | ReturnType<SafetyNumber['compare']>;

/** The camera, looking for the code on the other's screen. It goes on looking until it has one. */
export function ScanView({ name, number }: { readonly name: string; readonly number: SafetyNumber }) {
  const video = useRef<HTMLVideoElement>(null);
  const [outcome, setOutcome] = useState<Outcome>('starting');
  useEffect(() => {
    const ending = new AbortController();
    const onCode = (bytes: Uint8Array) => {
      try {
        setOutcome(number.compare(bytes));
        ending.abort();
      } catch {
        // Some other code hung before the camera: it goes on looking.
      }
    };
    if (video.current !== null) {
      scan(video.current, onCode, ending.signal).then(
        () => !ending.signal.aborted && setOutcome('looking'),
        (error: unknown) =>
          !ending.signal.aborted &&
          setOutcome(error instanceof DOMException && error.name === 'NotAllowedError' ? 'denied' : 'failed'),
      );
    }
    return () => ending.abort();
  }, [number]);
  const busy = outcome === 'starting' || outcome === 'looking';
  return (
    <div class="scan">
      <video ref={video} class="scan-video" hidden={!busy} muted playsInline aria-label={t.scan.video} />
      <p class={`scan-${outcome}`} role="status" data-testid="scan-outcome" data-outcome={outcome}>
        {outcome === 'looking' ? t.scan.lead(name) : t.scan[outcome]}
      </p>
    </div>
  );
}
