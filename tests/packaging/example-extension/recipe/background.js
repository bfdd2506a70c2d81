import { createRoom, indexedDbStore, joinRoom, openIdentity } from 'hushroom/room';

async function enter({ name, code }) {
  const identity = await openIdentity({ store: indexedDbStore() });
  const options = { relay: 'wss://relay.example.com/ws', name, identity };
  const room = await (code ? joinRoom({ ...options, code }) : createRoom(options));
  await chrome.storage.session.set({ name, code: room.code }); // In memory: for when Chrome ends this worker and starts another.
  return room;
}
let room = chrome.storage.session.get().then((kept) => kept.code && enter(kept));

chrome.runtime.onMessage.addListener(({ join, text }, sender, reply) => {
  if (join) room = enter(join);
  room.then((it) => text && it.send(text)).then(() => reply('done'), (error) => reply(error.message));
  return true; // The reply comes later.
});
