// The plugin of the bundler that fills the reference's pages: `<!--reference-->` becomes what `render.js` makes of the
// data in the folder that `cargo xtask site` names, `target/site/reference` where it names none.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { page } from './render.js';

const FOLDER = process.env.RASPC_REFERENCE ?? fileURLToPath(new URL('../../../target/site/reference', import.meta.url));

export default function reference() {
  const read = (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
  return {
    name: 'raspc-reference',
    transformIndexHtml: {
      order: 'pre',
      handler(html, { path }) {
        const found = path.match(/^\/?reference\/(.*)index\.html$/);
        if (!found || !html.includes('<!--reference-->')) return html;
        const text = page(found[1], { raspc: read('raspc.json'), python: read('python.json') });
        return html.replace('<!--reference-->', () => text);
      },
    },
  };
}
