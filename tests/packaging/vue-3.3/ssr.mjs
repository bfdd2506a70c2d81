// Renders on a server, from ESM and from CommonJS: nothing is opened, and the same comes out.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import * as vue from 'hushroom/vue';
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
console.log('works');
