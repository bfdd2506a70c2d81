import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// hushroom carries its wasm as text, which is most of the bundle.
export default defineConfig({ plugins: [vue()], build: { chunkSizeWarningLimit: 2048 } });
