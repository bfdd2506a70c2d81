import { parseShareCode } from '../room/index.js';
import { hushError } from '../errors.js';
import type { ArthasChannelConfig } from './arthas-types.js';

const DISPLAY_NAME = 'AI Assistant';
const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** A configuration that can be connected with. */
export interface CheckedConfig {
  readonly serverUrl: string;
  readonly shareCode: string;
  readonly displayName: string;
  readonly signingEnabled: boolean;
  readonly roomPassword: string | undefined;
  readonly maxRetries: number;
  /** Whether what the relay sees of us (names, sizes, times) travels in clear over a network. */
  readonly insecure: boolean;
}

/**
 * Merges the environment, `config` and the defaults, in this order.
 *
 * @throws `INVALID_ARGUMENT`, `INVALID_SHARE_CODE`, both with what is wrong; never with what was given.
 */
export function readConfig(config: ArthasChannelConfig, env: Readonly<Record<string, string | undefined>>): CheckedConfig {
  const serverUrl = text('serverUrl', env['ARTHAS_SERVER_URL'], config.serverUrl);
  const shareCode = text('shareCode', env['ARTHAS_SHARE_CODE'], config.shareCode);
  const displayName = text('displayName', env['ARTHAS_DISPLAY_NAME'], config.displayName) ?? DISPLAY_NAME;
  const roomPassword = text('roomPassword', env['ARTHAS_ROOM_PASSWORD'], config.roomPassword);
  const signing = text('signingEnabled', env['ARTHAS_SIGNING_ENABLED'], undefined);
  if (serverUrl === undefined) throw hushError('INVALID_ARGUMENT', 'serverUrl (ARTHAS_SERVER_URL) is required');
  if (shareCode === undefined) throw hushError('INVALID_ARGUMENT', 'shareCode (ARTHAS_SHARE_CODE) is required');
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined;
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw hushError('INVALID_ARGUMENT', 'serverUrl must begin with ws:// or wss://');
  }
  try {
    parseShareCode(shareCode);
  } catch (cause) {
    throw hushError('INVALID_SHARE_CODE', 'invalid share code', cause);
  }
  return {
    serverUrl,
    shareCode,
    displayName,
    roomPassword,
    signingEnabled: signing === undefined ? config.signingEnabled === true : signing === 'true' || signing === '1',
    maxRetries: config.maxRetries ?? Infinity,
    insecure: url.protocol === 'ws:' && !LOCAL.test(url.hostname),
  };
}

/** What the environment says, else the configuration. What is empty is not there. */
function text(name: string, variable: string | undefined, configured: unknown): string | undefined {
  if (variable !== undefined && variable.trim() !== '') return variable.trim();
  if (configured === undefined || configured === null || configured === '') return undefined;
  if (typeof configured !== 'string') throw hushError('INVALID_ARGUMENT', `${name} must be a string`);
  return configured;
}
