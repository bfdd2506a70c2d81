import type { IncomingTransfer, OutgoingTransfer, TransferProgress, TransferState } from '../room/file-types.js';

/** A transfer as it was at one moment: another object after every change, ten times a second at most. */
export interface TransferView {
  /** What to cancel, and whose `done` to await. */
  readonly transfer: OutgoingTransfer | IncomingTransfer;
  readonly state: TransferState;
  readonly progress: TransferProgress;
}

type Transfers = readonly (OutgoingTransfer | IncomingTransfer)[];

const latest = /* @__PURE__ */ new WeakMap<OutgoingTransfer | IncomingTransfer, TransferView>();
const lists = /* @__PURE__ */ new WeakMap<Transfers, readonly TransferView[]>();

/**
 * The transfers of a snapshot with their progress, which is told by a new `transfers` in the snapshot. The same list for the
 * same one, and the same view of a transfer that has not changed.
 */
export function transferViews(transfers: Transfers): readonly TransferView[] {
  let views = lists.get(transfers);
  if (views === undefined) {
    views = transfers.map(viewOf);
    lists.set(transfers, views);
  }
  return views;
}

function viewOf(transfer: OutgoingTransfer | IncomingTransfer): TransferView {
  const { progress } = transfer;
  let view = latest.get(transfer);
  if (view?.progress !== progress) {
    view = { transfer, state: progress.state, progress };
    latest.set(transfer, view);
  }
  return view;
}
