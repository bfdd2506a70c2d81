import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The package brings its WebAssembly along inside its JavaScript.
  build: { chunkSizeWarningLimit: 2500 },
});
