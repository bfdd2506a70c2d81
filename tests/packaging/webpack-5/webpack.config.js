import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default ({ entry, out }) => ({
  mode: 'production',
  entry: { main: entry },
  output: { path: at(out), clean: true },
  // The wasm of the two entries lies in their JavaScript: webpack would point out assets above 244 KiB.
  performance: { maxAssetSize: 3_000_000, maxEntrypointSize: 3_000_000 },
});
