import type { KnownDevice } from 'hushroom/room';
import { useEffect, useRef, useState } from 'preact/hooks';

import { shortKey, useDevice } from '../device/device.ts';
import { announce } from '../lib/announce.ts';
import { formatDate } from '../lib/format.ts';
import { t } from '../strings.ts';
import { VerifiedBadge } from './verified-badge.tsx';

/** Who we are to others, and whom this browser has met. */
export function DeviceSection() {
  const device = useDevice();
  const [known, setKnown] = useState<readonly KnownDevice[]>();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let over = false;
    device?.identity.knownDevices().then((all) => !over && setKnown(all), () => undefined);
    return () => void (over = true);
  }, [device]);
  if (device === undefined) return <p>{t.device.opening}</p>;

  const forget = async ({ deviceKey, name }: KnownDevice) => {
    await device.identity.forget(deviceKey);
    setKnown(await device.identity.knownDevices());
    announce(t.device.forgotten(name));
    // The button that had the focus is gone.
    list.current?.focus();
  };
  return (
    <div class="device" data-testid="device">
      <p>{t.device.lead}</p>
      <p>
        {t.device.key} <code data-testid="own-key">{shortKey(device.identity.deviceKey)}</code>
      </p>
      {!device.lasting && (
        <p class="device-note" data-testid="not-lasting">
          {t.device.memory}
        </p>
      )}
      <div ref={list} tabIndex={-1} class="device-known">
        <h4>{t.device.known}</h4>
        {known?.length === 0 && <p>{t.device.none}</p>}
        <ul data-testid="known-devices">
          {known?.map((other) => (
            <li key={other.deviceKey} class="known" data-testid="known-device">
              <span class="known-text">
                <span class="known-name">
                  {other.name || t.device.unnamed}
                  {other.verified && <VerifiedBadge />}
                </span>
                <span class="known-facts">
                  {t.device.keyOf(shortKey(other.deviceKey))} · {t.device.met(formatDate(other.metAt * 1000))}
                </span>
              </span>
              <button
                type="button"
                class="button button-small"
                aria-label={t.device.forgetName(other.name || shortKey(other.deviceKey))}
                onClick={() => void forget(other)}
              >
                {t.device.forget}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
