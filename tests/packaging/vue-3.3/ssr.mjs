// Renders on a server, from ESM and from CommonJS: nothing is opened, and the same comes out.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import * as vue from 'hushroom/vue';
import { createPinia, defineStore } from 'pinia';
import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';

const required = createRequire(import.meta.url)('hushroom/vue');

/** @param {typeof vue} provider @param {typeof vue} user */
function render({ provideRoom }, { useRoom }) {
  const Below = {
    setup() {
      const { status, messages, safetyNumber, useFileDrop } = useRoom();
      const [number, { isOver }] = [safetyNumber(), useFileDrop()];
      return () => h('p', `${status.value} ${messages.value.length} ${number.value} ${isOver.value}`);
    },
  };
  const open = () => assert.fail('a room was opened');
  return renderToString(createSSRApp({ setup: () => (provideRoom({ open }), () => h(Below)) }));
}

for (const [provider, user] of [[vue, vue], [required, required], [required, vue]]) {
  assert.equal(await render(provider, user), '<p>connecting 0 undefined false</p>');
}
assert.throws(() => vue.provideRoom({ open: () => assert.fail() }), /in setup/);
assert.throws(() => vue.useRoom(), /in setup/);

// A store: nothing is opened on a server, and there is nothing in its state to send to the browser or to write to.
const open = () => assert.fail('a room was opened');
const useChat = defineStore('chat', () => ({ ...vue.provideRoom({ open }) }));
const pinia = createPinia();
const app = createSSRApp({
  setup() {
    const chat = useChat();
    return () => h('p', `${chat.status} ${chat.messages.length} ${chat.room}`);
  },
});
assert.equal(await renderToString(app.use(pinia)), '<p>connecting 0 undefined</p>');
assert.equal(JSON.stringify(pinia.state.value), '{"chat":{}}');
console.log('works');
