// The package in a page of the extension: the identity of the worker's rooms, and whom it has met. Both take turns at the same store.

import { indexedDbStore, openIdentity } from 'hushroom/room';

const $ = (selector) => document.querySelector(selector);
const identity = await openIdentity({ store: indexedDbStore() });

async function show() {
  const devices = await identity.knownDevices();
  $('#own').textContent = identity.deviceKey;
  $('#none').hidden = devices.length > 0;
  $('#devices').replaceChildren(
    ...devices.map(({ deviceKey, name }) => {
      const [row, text, button] = ['li', 'span', 'button'].map((tag) => document.createElement(tag));
      text.textContent = name;
      button.textContent = 'Forget';
      button.onclick = () => identity.forget(deviceKey).then(show);
      row.append(text, button);
      return row;
    }),
  );
}

await show();
