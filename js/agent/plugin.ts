import type { Plugin } from './arthas-types.js';
// From the entry, so that there is one adapter however it is imported.
import { ArthasChannelAdapter, definePlugin } from './index.js';

/** The package's own; a test compares them. Asking the core would load it at import. */
const VERSION = '0.1.0';

/** The plugin: one channel, `arthas`, which is {@link ArthasChannelAdapter}. A host imports it by the module's name. */
const plugin: Plugin = /* @__PURE__ */ definePlugin({
  name: 'hushroom',
  version: VERSION,
  channels: [{ id: 'arthas', name: 'Arthas E2EE Chat', adapter: ArthasChannelAdapter }],
});

export { ArthasChannelAdapter, definePlugin };
export type * from './arthas-types.js';
// The only default export of this package: hosts of plugins look for one. `hushroom/agent` itself has none.
export default plugin;
