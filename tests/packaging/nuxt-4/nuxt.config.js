export default defineNuxtConfig({
  compatibilityDate: '2026-04-01',
  telemetry: false,
  devtools: { enabled: false },
  app: { head: { link: [{ rel: 'icon', href: 'data:,' }] } },
  // The wasm of the two entries lies in their JavaScript: Vite would point out chunks above 500 kB.
  vite: { build: { chunkSizeWarningLimit: 3000 } },
});
