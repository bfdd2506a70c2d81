import type { HushErrorCode } from '../types.js';
import type { ReceiverProgress } from './file-types.js';
import type { ComparisonFailure, ComparisonState, Picture, Quote, Verification } from './types.js';

/** What the room machine's `poll` gives, apart from bytes to send. Its one definition is `src/room/output.rs`. */
export type MachineEvent =
  | { type: 'opened'; expiresAt: number; maxMembers: number; ephemeralSeconds: number; hasPassword: boolean }
  | { type: 'closed'; code: HushErrorCode; message: string }
  | { type: 'reconnect'; afterMs: number }
  | { type: 'disconnect' }
  | { type: 'member-joined'; id: string; name: string; deviceKey: string }
  | { type: 'member-left'; id: string }
  | { type: 'member-presence'; id: string; here: boolean }
  | { type: 'member-key'; id: string; deviceKey: string; changed: boolean }
  | { type: 'member-trust'; id: string; verified: boolean; keyChanged: boolean; previousKey: string | null }
  | {
      type: 'message'; id: string; from: string; text: string; replyTo: string | null; quote: Quote | null;
      verification: Verification; sentAt: number; receivedAt: number;
    }
  | { type: 'message-verified'; id: string; from: string; verification: Verification }
  | { type: 'message-expired'; id: string }
  | { type: 'accepted'; id: string; receivedAt: number }
  | { type: 'rejected'; id: string; code: HushErrorCode; message: string }
  | { type: 'reaction'; messageId: string; from: string; emoji: string; remove: boolean }
  | { type: 'typing'; from: string; on: boolean }
  | {
      type: 'file-offer'; id: string; from: string; name: string; mime: string; size: number | null;
      voiceSeconds: number | null; thumbnail: Uint8Array<ArrayBuffer> | null;
    }
  | { type: 'incoming-ended'; id: string; code: HushErrorCode; message: string }
  | { type: 'incoming-size'; id: string; size: number }
  | { type: 'receiver'; id: string; member: string; state: ReceiverProgress['state']; delivered: number }
  | { type: 'outgoing-ended'; id: string; code: HushErrorCode | null; message: string }
  | {
      type: 'comparison'; member: string; state: ComparisonState; pictures: readonly Picture[] | null;
      decimals: readonly number[] | null; reason: ComparisonFailure | null;
    }
  | { type: 'error'; code: HushErrorCode; message: string; from: string | null };

/** A segment that the machine wants read, sealed and sent. Its one definition is `src/wasm/room.rs`. */
export type BulkJob = readonly [
  ticket: number,
  transfer: string,
  segment: number,
  plaintextOffset: number,
  plaintextLength: number,
  last: boolean,
];

/** A piece of a file that has come in, up to offset `end`, where in its frame it lies, and its IV if it brings one along. */
export type BulkIn = readonly [
  transfer: string,
  segment: number,
  last: boolean,
  end: number,
  bodyStart: number,
  bodyEnd: number,
  iv: Uint8Array | undefined,
];
