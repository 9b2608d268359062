// Global search, keyboard, side bar groups, recently seen records (kept in this browser only).
import { $, $$, calm, icon, make, on, recall, remember, say } from './dom.js';

const search = $('#yk-search');
const results = $('.yk-sd-r', search ?? document);

export function openSearch() {
  if (!search || search.open) return;
  search.showModal();
  $('input', search).select();
  if (!$('input', search).value) showRecent();
}
on('click', '[data-search]', (event) => { event.preventDefault(); openSearch(); });

function showRecent() {
  const seen = recall('seen') ?? [];
  if (!results || !seen.length) return;
  results.replaceChildren(make('h3', {}, say('recent')), make('ul', {}, ...seen.map((r) => make('li', {}, make('a', { href: r.url }, icon('clock'), make('span', {}, r.title), make('small', {}, r.kind))))));
}
search?.addEventListener('input', calm(() => { if (!$('input', search).value) showRecent(); }, 0));
// arrow keys walk through what was found, Enter follows
search?.addEventListener('keydown', (event) => {
  const links = $$('.yk-sd-r a', search);
  if (!links.length || !['ArrowDown', 'ArrowUp', 'Enter'].includes(event.key)) return;
  const at = links.findIndex((link) => link.classList.contains('is-at'));
  if (event.key === 'Enter') { if (document.activeElement.tagName === 'INPUT') { event.preventDefault(); (links[Math.max(at, 0)]).click(); } return; }
  event.preventDefault();
  links[at]?.classList.remove('is-at');
  const next = links[(at + (event.key === 'ArrowDown' ? 1 : -1) + links.length) % links.length];
  next.classList.add('is-at');
  next.scrollIntoView({ block: 'nearest' });
});

/* a record page names itself: <main data-seen="title" data-seen-kind="客户"> */
const main = $('#main');
if (main?.dataset.seen) remember('seen', [{ title: main.dataset.seen, kind: main.dataset.seenKind, url: location.pathname }, ...(recall('seen') ?? []).filter((r) => r.url !== location.pathname)].slice(0, 8));

/* keyboard: Ctrl+K or / search, n new, e edit, ? help; never while somebody is typing */
const typing = (target) => target.closest?.('input, textarea, select, [contenteditable]');
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') { event.preventDefault(); openSearch(); return; }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's' && $('form[data-form]')) { event.preventDefault(); $('form[data-form]').requestSubmit(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $('dialog[open]')) return;
  const act = { '/': () => ($('#yk-q') ? $('#yk-q').focus() : openSearch()), n: () => $('[data-key=n]')?.click(), e: () => $('[data-key=e]')?.click(), '?': () => $('#yk-help')?.showModal() }[event.key];
  if (act) { event.preventDefault(); act(); }
});

/* which groups of the side bar are open */
document.addEventListener('toggle', ({ target }) => {
  if (!target.matches?.('.yk-nav details')) return;
  const open = new Set(recall('nav') ?? []);
  open[target.open ? 'add' : 'delete'](target.dataset.group);
  remember('nav', [...open]);
}, true);
for (const group of recall('nav') ?? []) { const details = $(`.yk-nav details[data-group="${CSS.escape(group)}"]`); if (details) details.open = true; }
$('.yk-nav [aria-current]')?.scrollIntoView({ block: 'nearest' });

/* the save bar shows an edge once the page has moved under it */
const bar = $('.yk-savebar');
if (bar) addEventListener('scroll', () => bar.classList.toggle('is-stuck', scrollY > 4), { passive: true });
/* the current step of a state bar is brought into view on small screens */
for (const step of $$('.yk-path .is-now')) step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.offsetLeft - 48;
/* a printed page, a copied number */
on('click', '[data-print]', () => print());
on('click', '[data-copy]', (event, button) => navigator.clipboard?.writeText(button.dataset.copy).then(() => document.dispatchEvent(new CustomEvent('yk-toast', { detail: { text: say('copied') } }))));
