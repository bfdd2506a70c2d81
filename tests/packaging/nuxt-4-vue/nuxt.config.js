export default defineNuxtConfig({
  compatibilityDate: '2026-04-01',
  telemetry: false,
  devtools: { enabled: false },
  vite: { build: { chunkSizeWarningLimit: 2048 } },
  app: { head: { link: [{ rel: 'icon', href: 'data:,' }] } },
});
