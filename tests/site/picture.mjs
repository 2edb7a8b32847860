// Takes the README's picture of the playground: a program, both outputs, and the explorer of its transformer.
//
// `cargo xtask site picture`; into the file that is named behind it.
import { encode } from '../../site/src/playground/share.js';
import { launch, serve } from './serve.mjs';

const [file] = process.argv.slice(2);
const program = '# vocab: abc\n# max_len: 8\nset example "abacab"\n\nsame = select(tokens, tokens, ==);\nhist = selector_width(same);\nbefore = select(indices, indices, <) and same;\nnth = selector_width(before) + 1;\n';
const host = await serve(process.env.RASPC_SITE);
const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 }, colorScheme: 'light' })).newPage();
await page.goto(host.address + encode({ program, input: 'abacab' }));
await page.waitForSelector('html[data-state="done"]', { timeout: 60_000 });
await page.frameLocator('#panel iframe').locator('html[data-ready]').waitFor({ timeout: 60_000 });
await page.screenshot({ path: file });
await browser.close();
host.close();
