// Shows what the worker says of the room, and tells it what the user wants. Opening a port starts the worker if it is not running.

const channel = new BroadcastChannel(`panel-${crypto.randomUUID()}`);
const $ = (selector) => document.querySelector(selector);
const rows = new Map();
let port, code, keys;
let atEnd = true;

function connect() {
  port = chrome.runtime.connect({ name: channel.name });
  port.onMessage.addListener((state) => (state.number ? showNumber(state.number) : render(state)));
  // The worker was ended: it comes back with the room.
  port.onDisconnect.addListener(connect);
}

const ask = (type, more) => port.postMessage({ type, ...more });

function render({ status, notice = '', members, messages = [], ...state }) {
  const inside = status === 'open' || status === 'reconnecting';
  $('#notice').textContent = notice;
  $('#notice').hidden = !notice;
  $('#connecting').hidden = status !== 'connecting';
  $('#enter').hidden = status !== 'none';
  const entered = inside && $('#room').hidden;
  $('#room').hidden = !inside;
  if (entered) $('#say textarea').focus();
  showMessages(messages);
  if (!inside) return;
  code = state.code;
  const who = members.length === 1 ? 'Only you' : `${members.length} people`;
  $('summary').textContent = status === 'reconnecting' ? 'Connecting again …' : who;
  const told = ({ self, keyChanged }) => (self ? ' (you)' : keyChanged ? ' – has another key than before' : '');
  $('#people ul').replaceChildren(...members.map((member) => make('li', member.name, told(member))));
  const before = keys;
  keys = members.map(({ deviceKey }) => deviceKey).join();
  if (keys !== before) askNumber();
  $('#files').replaceChildren(...state.offers.map(showOffer), ...state.transfers.map(showTransfer));
}

/** It belongs to those who are here, so it is another one when somebody comes or leaves. */
function askNumber() {
  showNumber('');
  if ($('#people').open) ask('number');
}

const showNumber = (digits) => ($('#number').textContent = digits.replace(/.{5}(?!$)/g, '$& '));

/** Adds what is new and removes what is gone, so that a screen reader reads each message once. */
function showMessages(messages) {
  const ids = new Set(messages.map(({ id }) => id));
  for (const [id, row] of rows) if (!ids.has(id) && rows.delete(id)) row.remove();
  for (const { id, name, self, text, state } of messages) {
    if (!rows.has(id)) rows.set(id, $('#messages').appendChild(make('li', make('b', name), make('p', text))));
    Object.assign(rows.get(id).dataset, { state, mine: self });
  }
  stayAtEnd();
}

const stayAtEnd = () => atEnd && $('#messages').scrollTo({ top: 1e9 });

function showOffer({ id, name, size, from }) {
  const length = size === undefined ? '' : ` (${Math.ceil(size / 1000).toLocaleString('en')} kB)`;
  return make('li', make('span', `${from} offers ${name}${length}`), button('Accept', 'accept', id), button('Decline', 'decline', id));
}

function showTransfer({ id, name, direction, state, bytes, total, ready }) {
  const words = { waiting: direction === 'out' ? 'offered' : 'waiting', done: direction === 'out' ? 'sent' : 'received' };
  const share = state === 'running' && total ? bytes / total : 0;
  const row = make('li', make('span', `${name}: ${share ? `${Math.floor(share * 100)} %` : (words[state] ?? state)}`));
  if (ready) row.append(button('Save', 'save', id));
  if (['waiting', 'running', 'paused'].includes(state)) row.append(button('Cancel', 'cancel', id));
  row.style.setProperty('--share', share);
  return row;
}

function button(text, type, id) {
  const made = make('button', text);
  made.onclick = () => ask(type, { id });
  return made;
}

/** What others wrote goes in as text, never as HTML. */
function make(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

/** A received file, which lies in the origin's private files: nothing is loaded. */
channel.onmessage = ({ data: file }) => {
  const href = URL.createObjectURL(file);
  Object.assign(document.createElement('a'), { href, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
};

const sendFiles = (files) => [...files].forEach((file) => channel.postMessage(file));

$('#enter').onsubmit = (event) => {
  event.preventDefault();
  ask('enter', Object.fromEntries(new FormData(event.target)));
};
$('#say').onsubmit = (event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  if (text.value.trim()) ask('send', { text: text.value });
  event.target.reset();
  text.focus();
};
$('#say textarea').onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('#say').requestSubmit();
};
$('#say input').onchange = ({ target }) => (sendFiles(target.files), (target.value = ''));
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => (event.preventDefault(), $('#room').hidden || sendFiles(event.dataTransfer.files));
$('#messages').onscroll = ({ target }) => (atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40);
new ResizeObserver(stayAtEnd).observe($('#messages'));
$('#people').ontoggle = askNumber;
$('#copy').onclick = async ({ target }) => {
  await navigator.clipboard.writeText(code);
  target.textContent = 'Copied';
  setTimeout(() => (target.textContent = 'Copy code'), 2000);
};
$('#leave').onclick = () => ask('leave');
connect();
