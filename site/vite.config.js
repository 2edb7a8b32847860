// The site as static files: every page an entry, every address relative, so that the folder can lie anywhere.
// `cargo xtask site` runs this: RASPC_WASM is the folder of raspc.wasm, RASPC_SITE where to write.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { offline, policy } from './build/plugins.js';
import nav from './src/nav.js';
import reference from './src/reference/plugin.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const pages = { playground: 'index.html', walk: 'walk/index.html', zh: 'walk/zh/index.html', reference: 'reference/index.html', commands: 'reference/commands/index.html', python: 'reference/python/index.html', codes: 'reference/codes/index.html' };
const there = Object.entries(pages).map(([name, path]) => [name, resolve(here, path)]).filter(([, path]) => existsSync(path));

const wasm = process.env.RASPC_WASM ?? resolve(here, '../target/site/wasm');

export default defineConfig({
  root: here,
  base: './',
  resolve: {
    alias: {
      '@wasm': wasm,
    },
  },
  plugins: [nav(), reference(), policy(wasm), offline()],
  worker: { format: 'es' },
  build: {
    outDir: process.env.RASPC_SITE ?? resolve(here, '../target/site/dist'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // The policy of the pages forbids inline scripts.
    modulePreload: { polyfill: false },
    rollupOptions: { input: Object.fromEntries(there) },
  },
});
