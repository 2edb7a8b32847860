// The styles that CodeMirror writes, without style elements: the policy of the pages allows none, but a sheet that a script
// makes is the script's own. Later modules come later, so that they win as they would among style elements.
import { StyleModule } from 'style-mod';

const sheets = new Map();

StyleModule.mount = (root, modules) => {
  const list = Array.isArray(modules) ? modules : [modules];
  for (const module of list) {
    if (sheets.has(module)) continue;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(module.getRules());
    sheets.set(module, sheet);
  }
  const mine = new Set(list.map((m) => sheets.get(m)));
  root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((s) => !mine.has(s)), ...mine];
};
