// The types of Arthas' agent plugin, so that an agent that was written for it runs here unchanged.

/** Where a channel stands. */
export type ConnectionStatus = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error';

/** What kind of message goes out. `file`: the attachments alone count. */
export type MessageType = 'text' | 'typing' | 'file';

/** A file with a message. */
export interface MessageAttachment {
  readonly fileName: string;
  readonly mimeType: string;
  /** In bytes. */
  readonly size: number;
  readonly data: Uint8Array;
}

/** A message from the room. */
export interface IncomingMessage {
  /** A UUID of its own, made here. */
  readonly id: string;
  readonly channelId: 'arthas';
  /** The sender's member id. */
  readonly userId: string;
  readonly userName: string;
  /** What was written; for a file `[文件] name`, as Arthas' plugin has it. */
  readonly text: string;
  readonly timestamp: Date;
  readonly attachments?: readonly MessageAttachment[];
  readonly metadata?: {
    /** The relay's clock, Unix milliseconds. */
    readonly serverTimestamp?: number;
    /** Whether the signature holds: `verified`, `unknown`, `failed` or `unsigned`. Files are always `unsigned` in Arthas rooms. */
    readonly verification?: string;
    /** Whether the file is a voice message, and how many seconds it has. */
    readonly voiceSeconds?: number;
  };
}

/** A message to the room. */
export interface OutgoingMessage {
  readonly id: string;
  readonly channelId: string;
  readonly text: string;
  readonly attachments?: readonly MessageAttachment[];
  /** The `id` of an {@link IncomingMessage} of the last 1,000; one that is not known is ignored. */
  readonly replyTo?: string;
  /** Default `'text'`. */
  readonly type?: MessageType;
}

/** What every channel is configured with. */
export type ChannelConfig = Readonly<Record<string, unknown>>;

/** What `ArthasChannelAdapter.connect` takes. Variables of the environment come before it, defaults after it. */
export interface ArthasChannelConfig extends ChannelConfig {
  /** `ARTHAS_SERVER_URL`. Required: `ws://` or `wss://`. */
  readonly serverUrl?: string;
  /** `ARTHAS_SHARE_CODE`. Required. A native room's code does as well. */
  readonly shareCode?: string;
  /** `ARTHAS_DISPLAY_NAME`. Default `AI Assistant`. At most 20 characters. */
  readonly displayName?: string;
  /**
   * `ARTHAS_SIGNING_ENABLED`, `true` or `1`. Default false. What we send is signed either way. With it, messages whose signature is
   * wrong are not handed on.
   */
  readonly signingEnabled?: boolean;
  /** `ARTHAS_ROOM_PASSWORD`. */
  readonly roomPassword?: string;
  /** Attempts in a row to join again. Default: no end. */
  readonly maxRetries?: number;
}

/** A channel, as the plugin's host sees it. */
export interface ChannelAdapter {
  /** Resolves once the channel is in its room; rejects when it cannot get there. */
  connect(config: ChannelConfig): Promise<void>;
  /** Leaves. */
  disconnect(): Promise<void>;
  /** Sends a message, its files, or that we type; resolves once it is on its way. */
  send(message: OutgoingMessage): Promise<void>;
  /** Calls back with every message of others from now on. */
  onMessage(callback: (message: IncomingMessage) => void): void;
  /** Calls back when the channel's status changes. */
  onStatusChange(callback: (status: ConnectionStatus) => void): void;
}

/** A channel that a plugin brings. */
export interface ChannelRegistration {
  readonly id: string;
  readonly name: string;
  /** The class. */
  readonly adapter: {
    /** The host makes an instance for each connection. */
    new (): ChannelAdapter;
  };
}

/** What a plugin is. */
export interface PluginDefinition {
  readonly name: string;
  readonly version: string;
  readonly channels: readonly ChannelRegistration[];
}

/** What a plugin's module exports. */
export interface Plugin {
  readonly definition: PluginDefinition;
}
