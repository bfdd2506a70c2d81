import { encode } from 'uqr';
import { useMemo } from 'preact/hooks';

/** Light modules around the code that scanners need. */
const QUIET_ZONE = 4;

export interface QrProps {
  readonly content: string | Uint8Array;
  readonly label: string;
}

/** A QR code, dark on light in either theme: many scanners know nothing else. */
export function Qr({ content, label }: QrProps) {
  const { path, size } = useMemo(() => draw(content), [content]);
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect class="qr-light" width={size} height={size} />
      <path class="qr-dark" d={path} />
    </svg>
  );
}

function draw(content: string | Uint8Array) {
  const { data, size } = encode(typeof content === 'string' ? content : [...content], { ecc: 'M', border: QUIET_ZONE });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return { path, size };
}
