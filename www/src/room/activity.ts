import { useEffect, useState } from 'preact/hooks';

import type { RoomSnapshot, Transfer, TransferProgress } from 'hushroom/room';

const UNDER_WAY: ReadonlySet<string> = new Set(['waiting', 'running', 'paused']);

/** Whether closing the page now would break a transfer off. */
export const isTransferring = ({ transfers }: RoomSnapshot): boolean =>
  transfers.some((transfer) => UNDER_WAY.has(transfer.state));

/** Whether a transfer can still be cancelled. */
export const isUnderWay = (transfer: Transfer): boolean => UNDER_WAY.has(transfer.state);

/** How far a transfer is, as it changes. */
export function useProgress(transfer: Transfer): TransferProgress {
  const [, setProgress] = useState(transfer.progress);
  useEffect(() => {
    const iterator = transfer.progressEvents()[Symbol.asyncIterator]();
    const follow = async () => {
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) setProgress(step.value);
      setProgress(transfer.progress);
    };
    // How a transfer fails is told by its `done`.
    follow().catch(() => setProgress(transfer.progress));
    return () => void iterator.return?.();
  }, [transfer]);
  return transfer.progress;
}
