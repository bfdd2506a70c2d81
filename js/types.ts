/** Bytes in a buffer of their own kind: what every function here returns, and what `Blob` and WebCrypto accept. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What a caller can act on. The message of an error is for people and may change; its code does not. */
export type HushErrorCode =
  // codes, messages, frames, files
  | 'INVALID_SHARE_CODE' | 'INVALID_KEY' | 'INVALID_MESSAGE' | 'INVALID_ARGUMENT' | 'DECRYPT_FAILED' | 'TRUNCATED'
  | 'INVALID_SEGMENT_SIZE' | 'TOO_LARGE' | 'OUT_OF_RANGE' | 'SOURCE_CHANGED' | 'INVALID_FRAME' | 'FRAME_TOO_LARGE'
  | 'CLOSED' | 'RANDOM_UNAVAILABLE' | 'INIT_FAILED' | 'INTERNAL'
  // rooms
  | 'ROOM_NOT_FOUND' | 'ROOM_FULL' | 'INVITATION_USED' | 'ROOM_EXPIRED' | 'ADMISSION_DENIED' | 'RATE_LIMITED' | 'RELAY_LIMIT'
  | 'RELAY_REFUSED' | 'RELAY_PROTOCOL' | 'CONNECT_FAILED' | 'INVALID_STATE' | 'REPLAYED' | 'BAD_SIGNATURE'
  | 'MISDIRECTED' | 'MESSAGES_LOST' | 'UNKNOWN_MEMBER' | 'TEXT_TOO_LONG' | 'INVALID_NAME' | 'WRONG_PASSWORD'
  | 'WEAK_KEY' | 'ROLLED_BACK' | 'SESSION_BROKEN'
  // identities
  | 'INVALID_IDENTITY' | 'STORE_FAILED'
  // people
  | 'UNKNOWN_USER' | 'USER_TAKEN' | 'KEY_CHANGED' | 'KEY_UNPROVEN' | 'BUNDLE_EXPIRED' | 'DIRECTORY_ROLLED_BACK'
  | 'DIRECTORY_PROOF'
  // transfers
  | 'UNKNOWN_TRANSFER' | 'TRANSFER_LIMIT' | 'TRANSFER_DECLINED' | 'TRANSFER_CANCELLED' | 'TRANSFER_STALLED'
  | 'MEMBER_LEFT' | 'SOURCE_FAILED' | 'SINK_FAILED' | 'SINK_TOO_LARGE' | 'UNSUPPORTED';

/** Every error of this package that is not an `AbortError`, a `TypeError` or a `RangeError`. See {@link isHushError}. */
export interface HushError extends Error {
  readonly name: 'HushError';
  readonly code: HushErrorCode;
}

/** The two kinds of rooms: our own, and those of the open-source chat Arthas. */
export type Protocol = 'hush1' | 'arthas';

/** A parsed share code. `key` is the room key itself: treat it as you would a password. */
export interface ShareCode {
  readonly protocol: Protocol;
  readonly roomId: string;
  /** 32 bytes. */
  readonly key: Bytes;
  /** Seconds a message is shown; 0 for ever. A hint: the relay's word wins. */
  readonly ephemeralSeconds: number;
  /** Unix seconds at which the room ends; 0 never. A hint: the relay's word wins. */
  readonly expiresAt: number;
  /** Of a room for two only, whose code lets one more device in, once. */
  readonly maxMembers?: 2;
}

/** Options of `generateShareCode`. */
export interface ShareCodeOptions {
  /** Default `'hush1'`. */
  readonly protocol?: Protocol;
  /** Default 0. */
  readonly ephemeralSeconds?: number;
  /** Unix seconds. Default 0. */
  readonly expiresAt?: number;
  /** Makes the code of a room for two. Native codes only. */
  readonly maxMembers?: 2;
}

/** A sealed message: AES-256-GCM with a random 12-byte IV, both parts base64url without padding. */
export interface SealedMessage {
  /** The 12 bytes of the IV: 16 characters. */
  readonly iv: string;
  /** The ciphertext and its tag of 16 bytes. */
  readonly ciphertext: string;
}

/** A MessagePack frame. Types from 0x80 to 0xFF are an application's own; all others are those of the protocol. */
export interface Frame {
  /** A whole number, at most 4,294,967,295. */
  readonly type: number;
  /** What MessagePack can say, without extensions. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What can be encrypted or decrypted as a stream. */
export type StreamSource =
  | Blob
  | Uint8Array
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** Random access to bytes of a known size. */
export interface RandomAccessSource {
  /** In bytes. */
  readonly size: number;
  /** Gives exactly `length` bytes from `offset` on, fewer only where the source ends before that. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Options of `encryptStream` and `decryptStream`. */
export interface StreamOptions {
  /** Ciphertext bytes of one segment, 4 KiB to 1 MiB. Both sides must use the same. Default 256 KiB. */
  readonly segmentSize?: number;
  /** Bytes both sides must agree on, not stored in the output. Default none. */
  readonly associatedData?: Uint8Array;
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the total of source bytes taken in so far, at most once a segment. */
  readonly onProgress?: (bytes: number) => void;
  /** `'auto'` (default) takes WebCrypto where it is, else wasm. The output is the same. */
  readonly engine?: 'auto' | 'webcrypto' | 'wasm';
}

/** Options of `decryptRange`. */
export type RangeOptions = Omit<StreamOptions, 'onProgress'>;
