// The navigation that all pages share: `<!--nav-->` in a page becomes it when the site is built, so that it is there
// without a script. Links are relative: the site works in any folder of any host.

const PAGES = [
  ['index.html', '', 'Playground', 'en'],
  ['walk/index.html', 'walk/', 'Walk', 'en'],
  ['walk/zh/index.html', 'walk/zh/', '中文', 'zh'],
  ['reference/index.html', 'reference/', 'Reference', 'en'],
];

// The navigation of the page at `path`, `walk/index.html` for one.
export function navigation(path) {
  const up = '../'.repeat(path.split('/').length - 1) || './';
  const here = (file) => file === path || (file === 'reference/index.html' && path.startsWith('reference/'));
  const links = PAGES.map(([file, href, text, lang]) => {
    const marks = [here(file) ? ' aria-current="page"' : '', lang === 'zh' ? ' lang="zh-Hans" hreflang="zh-Hans"' : ''].join('');
    return `<a href="${up}${href}index.html"${marks}>${text}</a>`;
  });
  return `<nav class="site-nav" aria-label="Site"><a class="home" href="${up}index.html">raspc</a>${links.join('')}</nav>`;
}

// The plugin of the bundler.
export default function nav() {
  return {
    name: 'raspc-nav',
    transformIndexHtml: { order: 'pre', handler: (html, { path }) => html.replace('<!--nav-->', () => navigation(path.replace(/^\//, ''))) },
  };
}
