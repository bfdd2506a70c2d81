// Bundles src/ into dist/, which is the extension: `node build.mjs [--firefox]`.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { build } from 'esbuild';

const { RELAY = 'ws://127.0.0.1:8787/ws' } = process.env;
const firefox = process.argv.includes('--firefox');

rmSync('dist', { recursive: true, force: true });
cpSync('src', 'dist', { recursive: true, filter: (path) => !path.endsWith('.js') });
await build({
  entryPoints: ['src/background.js', 'src/panel.js', 'src/options.js'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  splitting: true, // The worker and the pages share one copy of the package.
  target: firefox ? 'firefox121' : 'chrome120',
  define: { RELAY: JSON.stringify(RELAY) },
});

const manifest = JSON.parse(readFileSync('manifest.json', 'utf8'));
// The extension talks to this relay and to nobody else.
manifest.content_security_policy.extension_pages += ` ${new URL(RELAY).origin}`;
if (firefox) {
  const { service_worker: script, type } = manifest.background;
  manifest.background = { scripts: [script], type };
  manifest.sidebar_action = { default_panel: manifest.side_panel.default_path, default_title: manifest.name };
  manifest.permissions = manifest.permissions.filter((permission) => permission !== 'sidePanel');
  manifest.browser_specific_settings = { gecko: { id: 'hush@example.com', strict_min_version: '121.0' } };
  delete manifest.side_panel;
  delete manifest.minimum_chrome_version;
}
writeFileSync('dist/manifest.json', JSON.stringify(manifest, null, 2));
