// The package in a page: the identity that the worker's rooms use, and whom it has met. Both take turns at the same store.

import { indexedDbStore, openIdentity } from 'hushroom/room';

const $ = (selector) => document.querySelector(selector);
const identity = await openIdentity({ store: indexedDbStore() });

async function showDevices() {
  const devices = await identity.knownDevices();
  $('#own').textContent = identity.deviceKey;
  $('#devices').replaceChildren(
    ...devices.map(({ deviceKey, name, verified }) => {
      const row = document.createElement('li');
      const text = document.createElement('span');
      text.textContent = `${name || deviceKey}${verified ? ' (compared)' : ''}`;
      const forget = document.createElement('button');
      forget.textContent = 'Forget';
      forget.className = 'quiet';
      forget.onclick = () => identity.forget(deviceKey).then(showDevices);
      row.append(text, forget);
      return row;
    }),
  );
}

const permission = { permissions: ['notifications'] };
$('#notify').checked = await chrome.permissions.contains(permission);
$('#notify').onchange = async ({ target }) => {
  target.checked = target.checked ? await chrome.permissions.request(permission) : !(await chrome.permissions.remove(permission));
};
await showDevices();
