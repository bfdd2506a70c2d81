import { defineConfig } from 'vite';
import vue from '@vitejs/plugin-vue';

export default defineConfig({
  plugins: [vue()],
  // The wasm of the two entries lies in their JavaScript: Vite would point out chunks above 500 kB.
  build: { chunkSizeWarningLimit: 3000 },
});
