import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Protocol, Room } from '../../js/room/index.js';
import type { Relay } from '../e2e/helpers.js';

/** A room with a person, and a program that is called Bot. */
export interface Meeting {
  readonly ada: Room;
  readonly bot: Room;
}

/** Opens such a room, uses it and closes it. */
export async function inRoom(relay: Relay, protocol: Protocol, use: (meeting: Meeting) => Promise<void>): Promise<void> {
  const ada = await createRoom({ relay: relay.url, name: 'Ada', protocol });
  const bot = await joinRoom({ relay: relay.url, code: ada.code, name: 'Bot' });
  try {
    await Promise.all([met(ada, 2), met(bot, 2)]);
    // In an Arthas room keys come apart from members.
    await Promise.all([ada, bot].map((room) => until(room, () => room.members.every(({ deviceKey }) => deviceKey !== ''))));
    await use({ ada, bot });
  } finally {
    await Promise.all([ada.close(), bot.close()]);
  }
}

/** Resolves once so many are in the room. */
export function met(room: Room, count: number): Promise<void> {
  return until(room, () => room.members.length === count);
}

/** Resolves once `test` holds of the room. */
export function until(room: Room, test: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!test()) return;
      stop();
      resolve();
    };
    const stop = room.subscribe(look);
    look();
  });
}

/** Gives what others in the room have said, once there are `count` messages. */
export async function heard(room: Room, count: number): Promise<string[]> {
  const texts = () => room.getSnapshot().messages.filter(({ from }) => !from.self).map(({ text }) => text);
  await until(room, () => texts().length >= count);
  return texts();
}
