// What the bundler does to every page: the policy in its head, and the list of files that a browser keeps for when it is
// offline.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

// The explorer's page is shown in a frame that takes over the policy of the page around it: its one script and its one
// style sheet are allowed by the hashes that its own policy names.
async function explorer(folder) {
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, 'raspc.wasm')), { raspc: { step: () => {} } });
  const { exports } = instance;
  const request = new TextEncoder().encode(JSON.stringify({ verb: 'explore', name: 'hist', input: 'ab' }));
  // Room for the request may move the memory: it comes first.
  const to = exports.raspc_request(request.length);
  new Uint8Array(exports.memory.buffer, to, request.length).set(request);
  const at = exports.raspc_call();
  const length = new DataView(exports.memory.buffer, at, 8).getUint32(0, true);
  const { html } = JSON.parse(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at + 8, length)));
  const hashes = (directive) => html.match(new RegExp(`${directive} ('sha256-[^;]+')`))[1];
  return { script: hashes('script-src'), style: hashes('style-src') };
}

// No page asks any other host for anything, and runs nothing but the site's own files. Style attributes are allowed because
// browsers write them by themselves where somebody types over coloured text in an editor.
export function policy(folder) {
  const hashes = explorer(folder);
  return {
    name: 'raspc-policy',
    transformIndexHtml: {
      order: 'post',
      async handler(html) {
        const { script, style } = await hashes;
        const text = [
          "default-src 'none'", `script-src 'self' 'wasm-unsafe-eval' ${script}`, `style-src 'self' ${style}`, "style-src-attr 'unsafe-inline'", "img-src 'self' blob: data:",
          "connect-src 'self'", "worker-src 'self'", "frame-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
        ].join('; ');
        const icon = '<link rel="icon" href="data:,">';
        return html.replace('<head>', `<head>\n    <meta http-equiv="Content-Security-Policy" content="${text}">${html.includes('rel="icon"') ? '' : `\n    ${icon}`}`);
      },
    },
  };
}

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(folder, e.name)) : [join(folder, e.name)]));
}

// Writes the service worker: `sw.template.js` with every file of the site and the hash of them all.
export function offline() {
  let out;
  return {
    name: 'raspc-offline',
    configResolved: (config) => (out = config.build.outDir),
    closeBundle() {
      const files = walk(out).map((f) => relative(out, f).split(sep).join('/')).filter((f) => f !== 'sw.js').sort();
      const hash = createHash('sha256');
      for (const file of files) hash.update(file).update(readFileSync(join(out, file)));
      const template = readFileSync(new URL('./sw.template.js', import.meta.url), 'utf8');
      const list = { version: hash.digest('hex').slice(0, 16), files };
      writeFileSync(join(out, 'sw.js'), template.replace("'LIST'", () => JSON.stringify(list)));
    },
  };
}
