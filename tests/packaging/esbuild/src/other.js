// Another page of the same site, which shares the chunks.
import { parseShareCode } from 'hushroom';

export const roomIdOf = (code) => parseShareCode(code).roomId;
export const join = async (options) => (await import('hushroom/room')).joinRoom(options);
