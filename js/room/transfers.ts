import type { RoomMachine } from '../gen/room/glue.js';
import type { HushError, Protocol } from '../types.js';
import { createIncoming, type Incoming } from './incoming.js';
import type { BulkIn, MachineEvent } from './machine.js';
import { createOutgoing, type Outgoing, type OutgoingHost } from './outgoing.js';
import { isOver } from './progress.js';
import type { Store } from './store.js';
import type { FileSource, OutgoingTransfer, SendFileOptions } from './file-types.js';
import type { RoomEvent } from './types.js';

/** What the files of a room need of it. */
export interface TransferHost {
  readonly protocol: Protocol;
  readonly store: Store;
  step<T>(action: (machine: RoomMachine) => T): T;
  emit(event: RoomEvent): void;
}

/** The files that come and go: what is over is forgotten here, and lives on in the store. */
export interface Transfers {
  send(source: FileSource, options: SendFileOptions): OutgoingTransfer;
  outgoing(id: string): Outgoing | undefined;
  /** A piece of a file, which lies in `frame`. */
  onBulk(bulk: BulkIn, frame: Uint8Array): void;
  onOffer(event: Extract<MachineEvent, { type: 'file-offer' }>): void;
  onIncomingSize(id: string, size: number): void;
  onIncomingEnded(id: string, error: HushError): void;
  onReceiver(event: Extract<MachineEvent, { type: 'receiver' }>): void;
  onOutgoingEnded(id: string, error: HushError | undefined): void;
  /** The connection is lost, or back. */
  onConnection(open: boolean): void;
  endAll(error: HushError): void;
}

export function createTransfers({ protocol, store, step, emit }: TransferHost): Transfers {
  const incoming = new Map<string, Incoming>();
  const outgoing = new Map<string, Outgoing>();

  function endIncoming(id: string, error: HushError) {
    const it = incoming.get(id);
    if (it === undefined) return;
    incoming.delete(id);
    store.removeOffer(id);
    it.onEnded(error);
    if (it.transfer === undefined) emit({ type: 'file-withdrawn', offerId: id, from: it.offer.from });
  }

  function endOutgoing(id: string, error: HushError | undefined) {
    outgoing.get(id)?.onEnded(error);
    outgoing.delete(id);
  }

  return {
    outgoing: (id) => outgoing.get(id),
    send(source, options) {
      let it: Outgoing | undefined;
      const host: OutgoingHost = {
        protocol,
        step,
        onChange(transfer) {
          if (it === undefined) return;
          store.putTransfer(transfer);
          emit({ type: 'transfer', transfer });
          if (isOver(transfer.state)) outgoing.delete(transfer.id);
          store.flush();
        },
      };
      const to = options.to ?? store.snapshot.members.filter((member) => !member.self).map((member) => member.id);
      const made = step((machine) => {
        it = createOutgoing(host, machine, source, to, options);
        outgoing.set(it.transfer.id, it);
        store.putTransfer(it.transfer);
        emit({ type: 'transfer', transfer: it.transfer });
        return it;
      });
      made.begin();
      return made.transfer;
    },
    onBulk(bulk, frame) {
      incoming.get(bulk[0])?.onBulk(bulk, frame);
    },
    onOffer(event) {
      const { id } = event;
      const it = createIncoming(
        {
          protocol,
          step,
          onChange(transfer) {
            store.putTransfer(transfer);
            emit({ type: 'transfer', transfer });
            if (isOver(transfer.state)) incoming.delete(id);
            store.flush();
          },
          onAnswered(accepted) {
            store.removeOffer(id);
            if (!accepted) incoming.delete(id);
            store.flush();
          },
          onReopened(offer) {
            // It was over with its sink.
            incoming.set(id, it);
            store.putOffer(offer);
            store.flush();
          },
          onSpoiled(error) {
            emit({ type: 'error', error, from: it.offer.from });
            endIncoming(id, error);
            store.flush();
          },
        },
        store.memberOrGone(event.from),
        event,
      );
      incoming.set(id, it);
      store.putOffer(it.offer);
      emit({ type: 'file-offer', offer: it.offer });
      it.begin();
    },
    onIncomingSize: (id, size) => incoming.get(id)?.onSize(size),
    onIncomingEnded: endIncoming,
    onReceiver: (event) => outgoing.get(event.id)?.onReceiver(event),
    onOutgoingEnded: endOutgoing,
    onConnection(open) {
      for (const it of [...incoming.values(), ...outgoing.values()]) it.onConnection(open);
    },
    endAll(error) {
      for (const id of [...outgoing.keys()]) endOutgoing(id, error);
      for (const it of incoming.values()) it.onEnded(error);
      incoming.clear();
    },
  };
}
