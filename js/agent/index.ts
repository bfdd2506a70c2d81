// Agents: programs that take part in rooms. Node 20 and later. Everything here stands on the public `hushroom/room`.
export { ArthasChannelAdapter } from './arthas-channel.js';
export { connectAgent } from './connect.js';
export { definePlugin } from './define-plugin.js';
export { messages } from './messages.js';
export { onMessage } from './on-message.js';
export { say } from './say.js';
export { sendFileFrom } from './send-file.js';
export { splitText } from './split.js';
export type * from './arthas-types.js';
export type * from './types.js';
