import { hushError, isHushError } from '../errors.js';
import { blobSink } from '../room/index.js';
import type { FileOffer } from '../room/file-types.js';
import type { Message, Room } from '../room/types.js';
import type { HushErrorCode } from '../types.js';
import { readConfig } from './arthas-config.js';
import type { ArthasChannelConfig, ChannelAdapter, ConnectionStatus, IncomingMessage, OutgoingMessage } from './arthas-types.js';
import { keepRoom, type Kept } from './keep.js';
import { say } from './say.js';

const MAX_FILE_BYTES = 5 * 1024 * 1024;
const TEXT_UNITS = 4_000;
const REMEMBERED = 1_000;
/** How Arthas' plugin announces its key. Not a message. */
const ANNOUNCEMENT = /^\[PUBLIC_KEY\][A-Za-z0-9_-]{43}$/;
/** The texts by which callers of Arthas' plugin tell that trying again is of no use. */
const TEXTS: Partial<Record<HushErrorCode, string>> = {
  INVALID_SHARE_CODE: 'invalid share code',
  ROOM_NOT_FOUND: 'room not found',
  ROOM_EXPIRED: 'share code expired',
};

/**
 * The channel of Arthas' agent plugin: the same calls, variables and states, for agents that were written for it.
 *
 * What differs, on purpose: payloads are Arthas' own JSON, not raw text, and both ways of writing file metadata are read;
 * announcements of keys are never shown as messages; everything that is sent is signed; {@link connect} resolves once the room is
 * entered and rejects when it is not; and while the connection is lost, what is sent waits.
 *
 * @example
 * ```ts
 * import { ArthasChannelAdapter } from 'hushroom/agent';
 *
 * const channel = new ArthasChannelAdapter();
 * channel.onMessage(({ userName, text }) => console.log(`${userName}: ${text}`));
 * // Reads ARTHAS_SERVER_URL, ARTHAS_SHARE_CODE and so on; what is not set there can be given here.
 * await channel.connect({ displayName: 'Helper' });
 * await channel.send({ id: '1', channelId: 'arthas', text: 'Hello' });
 * await channel.disconnect();
 * ```
 */
export class ArthasChannelAdapter implements ChannelAdapter {
  #onMessage: ((message: IncomingMessage) => void) | undefined;
  #onStatus: ((status: ConnectionStatus) => void) | undefined;
  #status: ConnectionStatus = 'disconnected';
  #kept: Kept | undefined;
  #stopping = new AbortController();
  #dropFailed = false;
  /** Our ids of messages to the room's. */
  readonly #known = new Map<string, string>();

  /** Takes the place of an earlier callback. */
  onMessage(callback: (message: IncomingMessage) => void): void {
    this.#onMessage = callback;
  }

  /** Takes the place of an earlier callback. */
  onStatusChange(callback: (status: ConnectionStatus) => void): void {
    this.#onStatus = callback;
  }

  /**
   * Enters the room. Reports `connecting`, then `connected`, or `error` with the rejection.
   *
   * @throws `INVALID_ARGUMENT`, `INVALID_SHARE_CODE`, `INVALID_STATE` when it is connected; as `joinRoom`.
   */
  async connect(config: ArthasChannelConfig): Promise<void> {
    if (this.#status !== 'disconnected' && this.#status !== 'error') throw hushError('INVALID_STATE', 'the channel is connected');
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#setStatus('connecting');
    try {
      const checked = readConfig(config, process.env);
      if (checked.insecure) process.emitWarning('the relay is reached without TLS: names, sizes and times travel in clear');
      this.#dropFailed = checked.signingEnabled;
      const kept = await keepRoom({
        relay: checked.serverUrl,
        code: checked.shareCode,
        name: checked.displayName,
        signal: stopping.signal,
        retry: { attempts: checked.maxRetries },
        ...(checked.roomPassword !== undefined && { password: checked.roomPassword }),
      });
      this.#kept = kept;
      kept.onRoom((room) => void this.#read(room));
      kept.onStatus((status) => status !== 'closed' && this.#kept === kept && this.#setStatus(status));
      void kept.closed.then((reason) => {
        if (this.#kept !== kept) return;
        this.#kept = undefined;
        this.#setStatus(reason === undefined ? 'disconnected' : 'error');
      });
      this.#setStatus('connected');
    } catch (error) {
      // Left meanwhile: `disconnect` has said so.
      if (this.#stopping === stopping && !stopping.signal.aborted) this.#setStatus('error');
      throw spoken(error);
    }
  }

  /** Leaves the room and wipes its keys. May be called at any time, and twice. */
  async disconnect(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#stopping.abort(hushError('CLOSED', 'the channel was disconnected'));
    await kept?.close();
    this.#known.clear();
    this.#setStatus('disconnected');
  }

  /**
   * Sends files first, then the text, in parts of at most 4,000 UTF-16 units. Resolves when everything was taken: files by their
   * receivers, the text by the relay.
   *
   * @throws `INVALID_STATE` when it is not connected, `TOO_LARGE` for a file above 5 MiB, before anything is sent; as `room.send` and
   * `OutgoingTransfer.done`.
   */
  async send(message: OutgoingMessage): Promise<void> {
    const room = this.#kept?.room;
    if (room === undefined || room.status === 'closed') throw hushError('INVALID_STATE', 'the channel is not connected');
    if (message.type === 'typing') {
      if (room.status === 'open') room.typing(true);
      return;
    }
    const attachments = message.attachments ?? [];
    if (attachments.some(({ data }) => data.byteLength > MAX_FILE_BYTES)) throw hushError('TOO_LARGE', 'a file has at most 5,242,880 bytes');
    for (const { fileName, mimeType, data } of attachments) {
      const blob = new Blob([new Uint8Array(data)], { type: mimeType });
      await room.sendFile(blob, { name: fileName, mime: mimeType, signal: this.#stopping.signal }).done;
    }
    if (message.text === '' || message.type === 'file') return;
    const replyTo = message.replyTo === undefined ? undefined : this.#known.get(message.replyTo);
    await say(room, message.text, { maxLength: TEXT_UNITS, signal: this.#stopping.signal }, replyTo);
  }

  async #read(room: Room): Promise<void> {
    // An inbox that overflows ends an iteration: what came too fast is lost, what comes next is not.
    while (room.status !== 'closed') {
      try {
        for await (const event of room.events()) {
          if (event.type === 'message' && !event.fromSelf) this.#onText(event.message);
          if (event.type === 'file-offer') void this.#onOffer(room, event.offer);
        }
      } catch (error) {
        console.error('hushroom agent:', error);
      }
    }
  }

  #onText(message: Message): void {
    const { from, text, receivedAt, verification } = message;
    if (ANNOUNCEMENT.test(text) || (this.#dropFailed && verification === 'failed')) return;
    const id = crypto.randomUUID();
    this.#known.set(id, message.id);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    const serverTimestamp = receivedAt || message.sentAt;
    this.#deliver({
      id,
      channelId: 'arthas',
      userId: from.id,
      userName: from.name,
      text,
      timestamp: new Date(serverTimestamp),
      metadata: { serverTimestamp, verification },
    });
  }

  async #onOffer(room: Room, offer: FileOffer): Promise<void> {
    try {
      const { from, name, mime, size, voiceSeconds } = offer;
      if (size !== undefined && size > MAX_FILE_BYTES) return offer.decline();
      const { file } = await offer.accept(blobSink({ name, mime, size }, MAX_FILE_BYTES), { signal: this.#stopping.signal }).done;
      if (file === undefined) return;
      const data = Buffer.from(await file.arrayBuffer());
      this.#deliver({
        id: crypto.randomUUID(),
        channelId: 'arthas',
        userId: from.id,
        userName: from.name,
        text: `[文件] ${name}`,
        timestamp: new Date(),
        attachments: [{ fileName: name, mimeType: mime, size: data.length, data }],
        metadata: { verification: room.protocol === 'hush1' ? 'verified' : 'unsigned', ...(voiceSeconds !== undefined && { voiceSeconds }) },
      });
    } catch {
      // A file that does not arrive is none: the plugin's interface has nothing to say so with.
    }
  }

  #deliver(message: IncomingMessage): void {
    try {
      this.#onMessage?.(message);
    } catch (error) {
      console.error('hushroom agent: the message callback threw', error);
    }
  }

  #setStatus(status: ConnectionStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    try {
      this.#onStatus?.(status);
    } catch (error) {
      console.error('hushroom agent: the status callback threw', error);
    }
  }
}

/** The error in the words that callers of Arthas' plugin look for. */
function spoken(error: unknown): unknown {
  const text = isHushError(error) ? TEXTS[error.code] : undefined;
  return isHushError(error) && text !== undefined ? hushError(error.code, text, error) : error;
}
