// Shows what the worker says of the room, and tells it what the user wants. Opening a port starts the worker if it is not running.

const channel = new BroadcastChannel(`panel-${crypto.randomUUID()}`);
const $ = (selector) => document.querySelector(selector);
const rows = new Map();
let port, code;

function connect() {
  port = chrome.runtime.connect({ name: channel.name });
  port.onMessage.addListener((state) => {
    if (state.error) tell(state.error);
    else if (state.number) $('#number').textContent = state.number.replace(/.{5}(?!$)/g, '$& ');
    else render(state);
  });
  // The worker was stopped: it comes back with the room.
  port.onDisconnect.addListener(connect);
}

const ask = (type, more) => port.postMessage({ type, ...more });

function tell(text) {
  $('#notice').textContent = text;
  $('#notice').hidden = !text;
}

function render({ status, notice, ...state }) {
  const inside = status === 'open' || status === 'reconnecting';
  if (notice) tell(notice);
  $('#connecting').hidden = status !== 'connecting';
  $('#enter').hidden = status !== 'none';
  $('#room').hidden = !inside;
  if (!inside) return void clear();
  code = state.code;
  $('#room').dataset.status = status;
  const here = state.members.length === 1 ? 'Only you' : `${state.members.length} people`;
  $('#people summary').textContent = status === 'open' ? here : 'Connecting again …';
  $('#people ul').replaceChildren(
    ...state.members.map(({ name, self, keyChanged }) => element('li', '', `${name}${self ? ' (you)' : ''}${keyChanged ? ' – with another key than before' : ''}`)),
  );
  $('#typing').textContent = state.typing.length > 0 ? `${state.typing.join(', ')} …` : '';
  renderMessages(state.messages);
  $('#files').replaceChildren(...state.offers.map(offerRow), ...state.transfers.map(transferRow));
}

function clear() {
  rows.clear();
  $('#messages').replaceChildren();
  $('#people').open = false;
}

/** Adds what is new and removes what is gone, so that a screen reader reads each message once. */
function renderMessages(messages) {
  const list = $('#messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const ids = new Set(messages.map(({ id }) => id));
  for (const [id, row] of rows) if (!ids.has(id)) (row.remove(), rows.delete(id));
  for (const { id, from, self, text, accepted, rejected } of messages) {
    if (!rows.has(id)) {
      const row = element('li', self ? 'mine' : '', element('b', '', from), element('p', '', text));
      rows.set(id, row);
      list.append(row);
    }
    rows.get(id).dataset.state = rejected ?? (accepted ? 'sent' : 'sending');
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function offerRow({ id, name, size, from }) {
  const text = element('span', '', `${from} offers ${name}${size === undefined ? '' : `, ${bytes(size)}`}`);
  return element('li', '', text, button('Accept', 'accept', id), button('Decline', 'decline', id, 'quiet'));
}

function transferRow({ id, name, direction, state, bytes: done, total, ready }) {
  const label = { waiting: direction === 'out' ? 'offered' : 'waiting', done: direction === 'out' ? 'sent' : 'received' }[state] ?? state;
  const share = state === 'running' && total ? `${Math.floor((100 * done) / total)} %` : label;
  const action = ready ? [button('Save', 'save', id)] : state === 'waiting' || state === 'running' ? [button('Cancel', 'cancel', id, 'quiet')] : [];
  const row = element('li', '', element('span', '', `${name}: ${share}`), ...action);
  row.style.setProperty('--done', total && state === 'running' ? done / total : 0);
  return row;
}

function button(text, type, id, style = '') {
  const made = element('button', style, text);
  made.onclick = () => ask(type, { id });
  return made;
}

/** Texts of others go in as text, never as HTML. */
function element(tag, style, ...children) {
  const made = document.createElement(tag);
  made.className = style;
  made.append(...children);
  return made;
}

const bytes = (size) => (size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`);

/** A received file, which lies in the origin's private files: nothing is loaded. */
channel.onmessage = ({ data: file }) => {
  const href = URL.createObjectURL(file);
  Object.assign(document.createElement('a'), { href, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
};

const sendFiles = (files) => [...files].forEach((file) => channel.postMessage(file));

$('#enter').onsubmit = (event) => {
  event.preventDefault();
  tell('');
  const { name, code: wanted } = Object.fromEntries(new FormData(event.target));
  ask('enter', { name, code: wanted.trim() });
};
$('#say').onsubmit = (event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  if (text.value.trim()) ask('send', { text: text.value });
  event.target.reset();
  text.focus();
};
$('#say textarea').oninput = () => ask('typing');
$('#say textarea').onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('#say').requestSubmit();
};
$('#say input').onchange = ({ target }) => (sendFiles(target.files), (target.value = ''));
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => (event.preventDefault(), $('#room').hidden || sendFiles(event.dataTransfer.files));
$('#people').ontoggle = ({ target }) => target.open && ask('number');
$('#copy').onclick = async ({ target }) => {
  await navigator.clipboard.writeText(code);
  target.textContent = 'Copied';
  setTimeout(() => (target.textContent = 'Copy code'), 2000);
};
$('#leave').onclick = () => ask('leave');
connect();
