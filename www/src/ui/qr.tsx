import { encode } from 'uqr';

import { t } from '../strings.ts';

/** Light modules around the code that scanners need. */
const QUIET_ZONE = 4;

/** A QR code, dark on light in either theme: many scanners know nothing else. */
export function Qr({ text }: { readonly text: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg class="qr" role="img" aria-label={t.invite.qr} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect class="qr-light" width={size} height={size} />
      <path class="qr-dark" d={path} />
    </svg>
  );
}
