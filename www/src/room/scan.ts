/** What browsers that can scan have, as the Shape Detection draft describes it; few type libraries know it yet. */
interface BarcodeDetectorLike {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type BarcodeDetectorClass = new (options: { readonly formats: readonly string[] }) => BarcodeDetectorLike;

const detectorOf = (): BarcodeDetectorClass | undefined =>
  (globalThis as { BarcodeDetector?: BarcodeDetectorClass }).BarcodeDetector;

/** Whether this browser can read a QR code off a camera by itself. */
export const canScan = (): boolean => detectorOf() !== undefined && 'mediaDevices' in navigator;

/** Between two looks at the picture. */
const LOOK_MS = 250;

/**
 * Calls `onCode` with the bytes of each QR code that comes before the camera, until `signal` lets the camera go.
 *
 * @throws What `getUserMedia` and `play` throw; the camera is let go.
 */
export async function scan(
  video: HTMLVideoElement,
  onCode: (bytes: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const Detector = detectorOf();
  if (Detector === undefined) throw new DOMException('no detector', 'NotSupportedError');
  const detector = new Detector({ formats: ['qr_code'] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) return stop();
  // From now on, also while the video is still starting.
  signal.addEventListener('abort', stop);
  video.srcObject = stream;
  try {
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }
  if (signal.aborted) return;
  const timer = setInterval(() => {
    detector.detect(video).then(
      (codes) => {
        for (const { rawValue } of codes) {
          const bytes = bytesOf(rawValue);
          if (!signal.aborted && bytes !== undefined) onCode(bytes);
        }
      },
      // A frame that cannot be looked at is followed by another.
      () => undefined,
    );
  }, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Detectors hand out text: bytes come as the characters 0 to 255, and what was read as something else is of no use. */
function bytesOf(text: string): Uint8Array | undefined {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  return codes.some((code) => code > 0xff) ? undefined : Uint8Array.from(codes);
}
