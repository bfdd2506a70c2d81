// The room is in here, since a worker stays while panels come and go. Chrome ends one that is idle for 30 seconds, but what goes over a
// WebSocket counts, and the relay pings every 20. Should it end all the same, the code and the name in `storage.session` (memory, gone
// with the browser) and the identity in IndexedDB bring back the same device.

import { createRoom, indexedDbStore, isHushError, joinRoom, openIdentity } from 'hushroom/room';

const RELAY_AWAY = ['CONNECT_FAILED', 'RATE_LIMITED'];
const KEPT_MESSAGES = 200;
const KEPT_CHARACTERS = 10_000;

/** Each open panel's port, and the channel on which files go: ports carry JSON only, and a channel takes files without copying them. */
const panels = new Map();
const received = new Map();
let room, entering, publishing, notice, kept;
let unread = 0;
/** What was said before this worker started. */
let earlier = [];

/** What panels show: the room without its methods. */
function view() {
  if (!room) return { status: entering ? 'connecting' : 'none', notice };
  const { status, members, messages, typing, offers, transfers } = room.getSnapshot();
  return {
    status,
    notice,
    code: room.code,
    members,
    typing: typing.map((id) => members.find((member) => member.id === id)?.name),
    messages: [...earlier, ...messages.map(shorten)].slice(-KEPT_MESSAGES),
    offers: offers.map(({ id, name, size, from }) => ({ id, name, size, from: from.name })),
    transfers: transfers.map(({ id, name, direction, progress }) => ({ id, name, direction, ...progress, ready: received.has(id) })),
  };
}

function shorten({ id, from, text, accepted, rejected }) {
  const all = text.length <= KEPT_CHARACTERS;
  return { id, from: from.name, self: from.self, text: all ? text : `${text.slice(0, KEPT_CHARACTERS)}…`, accepted, rejected };
}

/** Soon, and once for many changes. */
function publish() {
  publishing ??= setTimeout(() => {
    publishing = undefined;
    const state = view();
    for (const port of panels.keys()) port.postMessage(state);
    // What is to vanish is not kept.
    if (!room || room.getSnapshot().ephemeralSeconds > 0 || state.messages.at(-1)?.id === kept) return;
    kept = state.messages.at(-1).id;
    void chrome.storage.session.set({ messages: state.messages });
  }, 50);
}

async function enter({ code, name }) {
  const identity = await openIdentity({ store: indexedDbStore() });
  const options = { relay: RELAY, name, identity };
  const entered = await (code ? joinRoom({ ...options, code }) : createRoom(options));
  await chrome.storage.session.set({ code: entered.code, name });
  await chrome.alarms.create('return', { periodInMinutes: 0.5 });
  room = entered;
  room.subscribe(publish);
  void listen(room);
}

/** Counts what comes while no panel is open, until the room is over. */
async function listen(current) {
  for await (const event of current.events()) {
    if (event.type === 'error') notice = event.error.message;
    if (panels.size > 0 || (event.type !== 'file-offer' && (event.type !== 'message' || event.fromSelf))) continue;
    void chrome.action.setBadgeText({ text: String((unread += 1)) });
    // The API is there once the user has allowed it, on the options page. What was said stays in the panel.
    const { from } = event.message ?? event.offer;
    void chrome.notifications?.create('unread', { type: 'basic', iconUrl: 'icon.png', title: 'Hush', message: `News from ${from.name}` });
  }
  if (current.closeReason) await forget(current.closeReason.message);
}

async function forget(reason) {
  room = undefined;
  earlier = [];
  notice = reason;
  received.clear();
  await chrome.storage.session.clear();
  await chrome.alarms.clear('return');
  publish();
}

/** Goes into the room of before, if there was one. Also tried by the alarm: the relay may have been away. */
function resume() {
  entering ??= chrome.storage.session
    .get(['code', 'name', 'messages'])
    .then(async ({ code, name, messages = [] }) => {
      if (!code || room) return;
      earlier = messages;
      await enter({ code, name });
    })
    .catch((error) => (isHushError(error) && RELAY_AWAY.includes(error.code) ? (notice = 'The relay is away.') : forget(error.message)))
    .finally(() => {
      entering = undefined;
      publish();
    });
  return entering;
}

/** What a panel asks for. */
const requests = {
  enter: async (wish) => {
    if (room) return;
    notice = undefined;
    entering = enter(wish).finally(() => (entering = undefined));
    publish();
    await entering;
  },
  send: ({ text }) => room.send(text),
  typing: () => room.typing(),
  number: (_, port) => port.postMessage({ number: room.safetyNumber().digits }),
  // Into the origin's private files, where the panel can take it from.
  accept: async ({ id }) => {
    const offer = room.getSnapshot().offers.find((it) => it.id === id);
    received.set(id, (await offer.accept().done).file);
  },
  decline: ({ id }) => room.getSnapshot().offers.find((it) => it.id === id)?.decline(),
  cancel: ({ id }) => room.getSnapshot().transfers.find((it) => it.id === id)?.cancel(),
  save: ({ id }, port) => panels.get(port).postMessage(received.get(id)),
  leave: async () => {
    await room.close();
    await forget();
  },
};

// Listeners are set before anything is awaited: they are what wakes the worker.
chrome.runtime.onConnect.addListener((port) => {
  const channel = new BroadcastChannel(port.name);
  const attempt = async (work) => {
    try {
      await entering;
      await work();
    } catch (error) {
      if (panels.has(port)) port.postMessage({ error: error.message });
    }
    publish();
  };
  panels.set(port, channel);
  channel.onmessage = ({ data }) => attempt(() => room.sendFile(data).done);
  port.onMessage.addListener((request) => attempt(() => requests[request.type](request, port)));
  port.onDisconnect.addListener(() => {
    panels.delete(port);
    channel.close();
  });
  unread = 0;
  void chrome.action.setBadgeText({ text: '' });
  publish();
});
chrome.alarms.onAlarm.addListener(() => void (room ?? resume()));
void chrome.sidePanel?.setPanelBehavior({ openPanelOnActionClick: true });
chrome.action.onClicked.addListener(() => globalThis.browser?.sidebarAction?.toggle()); // Firefox
void resume();
