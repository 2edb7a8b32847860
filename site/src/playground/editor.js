// The editor: CodeMirror with RASP's colours, and marks where the compiler found something.
import './styles.js';
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, indentUnit } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { language } from './rasp.js';
import './editor.css';

export class Editor {
  constructor(parent, text, changed) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), lintGutter(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightActiveLineGutter(),
          indentUnit.of('    '), EditorView.lineWrapping, language(),
          // Tab leaves the editor, as everywhere on a page; lines are indented with Ctrl-] and Ctrl-[.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': 'RASP program', spellcheck: 'false' }),
          EditorView.updateListener.of((update) => update.docChanged && changed()),
        ],
      }),
    });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  set text(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  // Marks the places of diagnostics in the program.
  mark(diagnostics) {
    const { length } = this.view.state.doc;
    const marks = diagnostics.filter((d) => d.place).map(({ place, severity, code, message, hint }) => ({
      // A place at the very end, where something is missing, is drawn on the last character.
      from: Math.min(place.from, Math.max(0, length - 1)),
      to: Math.min(Math.max(place.to, place.from + 1), length),
      severity,
      source: code,
      message: hint ? `${message}\n${hint}` : message,
    }));
    this.view.dispatch(setDiagnostics(this.view.state, marks.sort((a, b) => a.from - b.from)));
  }

  // Puts the cursor on a place.
  show({ from, to }) {
    const { length } = this.view.state.doc;
    this.view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) }, scrollIntoView: true });
    this.view.focus();
  }
}
