// The search of a page of the reference: entries that do not hold every word are hidden, in the contents too.
import '../pages.css';
import './reference.css';
import { keepOffline } from '../offline.js';

const input = document.getElementById('search');
const found = document.getElementById('found');
const entries = [...document.querySelectorAll('.entry')].map((element) => ({ element, text: element.textContent.toLowerCase() }));

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { element, text } of entries) {
    const shown = words.every((w) => text.includes(w));
    element.hidden = !shown;
    count += shown ? 1 : 0;
    for (const item of document.querySelectorAll(`[data-for="${CSS.escape(element.id)}"]`)) item.hidden = !shown;
  }
  for (const group of document.querySelectorAll('.group')) {
    const all = [...group.querySelectorAll('.entry')];
    group.hidden = words.length > 0 && all.every((e) => e.hidden);
  }
  found.textContent = words.length === 0 ? '' : `${count} of ${entries.length}`;
}

// A place that is linked to must be there to be seen.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.closest('[hidden]')) {
    input.value = '';
    search();
    target.scrollIntoView();
  }
}

if (matchMedia('(max-width: 60rem)').matches) document.querySelector('.contents').open = false;
input.addEventListener('input', search);
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  input.value = '';
  search();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || document.activeElement === input) return;
  event.preventDefault();
  input.focus();
});
addEventListener('hashchange', reveal);
search();
reveal();
keepOffline();
