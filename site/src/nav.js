// The navigation that all pages share: `<!--nav-->` in a page becomes it when the site is built, so that it is there
// without a script. Links are relative: the site works in any folder of any host.

// What it says in the two languages of the walk; all other pages are English. Of the walk's two links the first is the
// walk in the page's own language, and the second says the other language's name in that language.
const WORDS = {
  en: { site: 'Site', playground: 'Playground', walk: 'Walk', other: '中文', otherLang: 'zh-Hans', otherTitle: 'The walk in Chinese', reference: 'Reference' },
  zh: { site: '网站导航', playground: '演练场（英文）', walk: '教程', other: 'English', otherLang: 'en', otherTitle: '教程的英文版', reference: '参考手册（英文）' },
};
const WALKS = { en: 'walk/index.html', zh: 'walk/zh/index.html' };

// The navigation of the page at `path`, `walk/index.html` for one.
export function navigation(path) {
  const up = '../'.repeat(path.split('/').length - 1) || './';
  const [own, foreign] = path.startsWith('walk/zh/') ? ['zh', 'en'] : ['en', 'zh'];
  const words = WORDS[own];
  const here = (file) => file === path || (file === 'reference/index.html' && path.startsWith('reference/'));
  const link = (file, text, marks = '') => `<a href="${up}${file}"${here(file) ? ' aria-current="page"' : ''}${marks}>${text}</a>`;
  const english = own === 'zh' ? ' hreflang="en"' : '';
  const other = link(WALKS[foreign], words.other, ` lang="${words.otherLang}" hreflang="${words.otherLang}" title="${words.otherTitle}"`);
  const links = [
    link('index.html', words.playground, english),
    `<span class="tongues">${link(WALKS[own], words.walk)}<span aria-hidden="true">/</span>${other}</span>`,
    link('reference/index.html', words.reference, english),
  ];
  return `<nav class="site-nav" aria-label="${words.site}"><a class="home" href="${up}index.html">raspc</a>${links.join('')}</nav>`;
}

// The plugin of the bundler.
export default function nav() {
  return {
    name: 'raspc-nav',
    transformIndexHtml: { order: 'pre', handler: (html, { path }) => html.replace('<!--nav-->', () => navigation(path.replace(/^\//, ''))) },
  };
}
