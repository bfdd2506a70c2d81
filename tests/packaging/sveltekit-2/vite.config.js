import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [sveltekit()],
  // The wasm of the two entries lies in their JavaScript: Vite would point out chunks above 500 kB.
  build: { chunkSizeWarningLimit: 3000 },
});
