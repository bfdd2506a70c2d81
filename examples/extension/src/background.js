// The room lives here, since the worker stays while panels come and go. Chrome ends a worker after 30 idle seconds, but whatever goes
// over a WebSocket counts, and the relay pings every 20. Should it end all the same, the same device comes back: code and name are in
// `storage.session` (in memory, and gone with the browser), the identity in IndexedDB.

import { createRoom, indexedDbStore, isHushError, joinRoom, openIdentity } from 'hushroom/room';

const KEPT_MESSAGES = 200;
const KEPT_CHARACTERS = 10_000;

/** Each open panel's port, and its channel for files: ports carry JSON only, while a channel hands files over without copying them. */
const panels = new Map();
const received = new Map();
let room, entering, publishing, notice, kept;
/** What was said before this worker was started. */
let earlier = [];

/** What panels show: the room as plain data. */
function view() {
  if (!room) return { status: entering ? 'connecting' : 'none', notice };
  const { status, members, messages, offers, transfers } = room.getSnapshot();
  return {
    status,
    notice,
    code: room.code,
    // Who comes back is somebody new to the relay, which keeps the former place for 30 seconds.
    members: members.filter(({ deviceKey }, index) => !members.slice(index + 1).some((later) => deviceKey && later.deviceKey === deviceKey)),
    messages: [...earlier, ...messages.map(inShort)].slice(-KEPT_MESSAGES),
    offers: offers.map(({ id, name, size, from }) => ({ id, name, size, from: from.name })),
    transfers: transfers.map(({ id, name, direction, progress }) => ({ id, name, direction, ...progress, ready: received.has(id) })),
  };
}

function inShort({ id, from: { name, self }, text, accepted, rejected }) {
  const short = text.length > KEPT_CHARACTERS ? `${text.slice(0, KEPT_CHARACTERS)}…` : text;
  return { id, name, self, text: short, state: rejected ?? (accepted ? 'sent' : 'sending') };
}

/** Soon, and once for many changes. */
function publish() {
  publishing ??= setTimeout(() => {
    publishing = undefined;
    const state = view();
    for (const port of panels.keys()) port.postMessage(state);
    const { messages = [], ephemeralSeconds } = room?.getSnapshot() ?? {};
    // What is to vanish is not kept.
    if (messages.at(-1) === kept || ephemeralSeconds > 0) return;
    kept = messages.at(-1);
    void chrome.storage.session.set({ messages: state.messages });
  }, 50);
}

async function enter({ code, name }) {
  const identity = await openIdentity({ store: indexedDbStore() });
  const options = { relay: RELAY, name, identity };
  room = await (code ? joinRoom({ ...options, code }) : createRoom(options));
  notice = undefined;
  room.subscribe(publish);
  void follow(room);
  await chrome.storage.session.set({ code: room.code, name });
  // Chrome's shortest period. To Firefox a WebSocket is no reason to stay, but an event every 24 seconds is.
  await chrome.alarms.create('return', { periodInMinutes: chrome.sidePanel ? 0.5 : 0.4 });
}

/** Counts what comes while no panel is open, until the room is over. */
async function follow(current) {
  try {
    for await (const event of current.events()) {
      if (event.type === 'error') notice = event.error.message;
      const news = event.type === 'file-offer' || (event.type === 'message' && !event.fromSelf);
      if (news && panels.size === 0) await chrome.action.setBadgeText({ text: String(Number(await chrome.action.getBadgeText({})) + 1) });
      if (event.type === 'status' && event.reason) await forget(event.reason.message);
    }
  } catch (error) {
    // More came at once than could be counted (`MESSAGES_LOST`): on with what comes now.
    notice = error.message;
    void follow(current);
  }
}

async function forget(reason) {
  room = kept = undefined;
  earlier = [];
  notice = reason;
  received.clear();
  await chrome.storage.session.clear();
  await chrome.alarms.clear('return');
  publish();
}

/** Enters the room of before, if there was one. The alarm tries it again when the relay was away. */
async function resume() {
  const { code, name, messages = [] } = await chrome.storage.session.get(['code', 'name', 'messages']);
  if (!code || room) return;
  earlier = messages;
  try {
    await enter({ code, name });
  } catch (error) {
    if (!isHushError(error) || error.code !== 'CONNECT_FAILED') return forget(error.message);
    notice = 'The relay is away. The room comes back by itself.';
  }
}

function begin(work) {
  entering ??= work().finally(() => {
    entering = undefined;
    publish();
  });
  publish();
  return entering;
}

/** What panels ask for. */
const requests = {
  enter: (wish) => room ?? begin(() => enter(wish)),
  send: ({ text }) => room.send(text),
  number: (_, port) => port.postMessage({ number: room.safetyNumber().digits }),
  // Goes to the origin's private files, from where panels can save it.
  accept: async ({ id }) => received.set(id, (await find('offers', id).accept().done).file),
  decline: ({ id }) => find('offers', id).decline(),
  cancel: ({ id }) => find('transfers', id).cancel(),
  save: ({ id }, port) => panels.get(port).postMessage(received.get(id)),
  leave: () => room.close().then(() => forget()),
};

const find = (list, id) => room.getSnapshot()[list].find((it) => it.id === id);

// Listeners come before anything is awaited: events start the worker.
chrome.runtime.onConnect.addListener((port) => {
  const channel = new BroadcastChannel(port.name);
  const attempt = async (work) => {
    try {
      await entering;
      notice = undefined;
      await work();
    } catch (error) {
      notice = error.message;
    }
    publish();
  };
  panels.set(port, channel);
  channel.onmessage = ({ data: file }) => attempt(() => room.sendFile(file).done);
  port.onMessage.addListener((request) => attempt(() => requests[request.type](request, port)));
  port.onDisconnect.addListener(() => {
    panels.delete(port);
    channel.close();
  });
  void chrome.action.setBadgeText({ text: '' });
  publish();
});
chrome.alarms.onAlarm.addListener(() => room ?? begin(resume));
chrome.action.onClicked.addListener(() => chrome.sidebarAction?.toggle()); // Firefox
void chrome.sidePanel?.setPanelBehavior({ openPanelOnActionClick: true });
void begin(resume);
