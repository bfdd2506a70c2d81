import { defineConfig } from 'vite';

// No asset is small enough to be put into the JavaScript, and no chunk large enough to be pointed out: nothing to configure.
export default defineConfig({});
