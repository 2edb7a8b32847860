// The site as any static host serves it, below a path of its own, and a browser to look at it.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json' };
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// Serves a folder; `up` says whether there is a network. What becomes of requests for the module is in their cookie, so that
// no page has what another asked for: `module=fail`, or `module=` and the milliseconds to wait.
export async function serve(site) {
  const host = { up: true };
  const server = createServer(async (request, response) => {
    if (!host.up) return request.socket.destroy();
    const path = join(site, normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname.replace(/^\/below\//, '')).replace(/^$|\/$/, '/index.html')));
    if (!path.startsWith(site) || !existsSync(path) || extname(path) === '') return response.writeHead(404).end();
    if (extname(path) === '.wasm') {
      const [, fate = '0'] = /module=(\w+)/.exec(request.headers.cookie ?? '') ?? [];
      if (fate === 'fail') return response.writeHead(503).end();
      await new Promise((done) => setTimeout(done, Number(fate)));
    }
    return response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return Object.assign(host, { address: `http://127.0.0.1:${server.address().port}/below/`, close: () => server.close() });
}

export async function launch() {
  const { RASPC_EXPLORE_MODULES: modules, CHROMIUM } = process.env;
  const { chromium } = await import(pathToFileURL(join(modules, 'playwright-core', 'index.mjs')));
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}
