import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

export default defineConfig({
  plugins: [react()],
  // The wasm of the two entries lies in their JavaScript: Vite would point out chunks above 500 kB.
  build: { chunkSizeWarningLimit: 3000 },
});
