// The list: selection, filters that apply when their menu closes, columns, one menu for all rows.
import { $, $$, calm, on, say } from './dom.js';

/* selection: the boxes belong to the bulk form by their form attribute, so it works without this script too */
const boxes = (list) => $$('.yk-row', list);
function count(list) {
  const all = boxes(list), chosen = all.filter((box) => box.checked);
  const bulk = $('.yk-bulk', list), head = $('.yk-all', list);
  if (bulk) { bulk.hidden = !chosen.length; $('b', bulk).textContent = chosen.length; }
  if (head) { head.checked = all.length > 0 && chosen.length === all.length; head.indeterminate = chosen.length > 0 && chosen.length < all.length; }
}
let last;
on('change', '.yk-all', (event, head) => { const list = head.closest('.yk-list'); boxes(list).forEach((box) => { box.checked = head.checked; }); count(list); });
on('click', '.yk-row', (event, box) => {
  const list = box.closest('.yk-list');
  if (event.shiftKey && last) { const all = boxes(list), [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b); if (from >= 0) all.slice(from, to + 1).forEach((other) => { other.checked = box.checked; }); }
  last = box;
  count(list);
});
on('click', '[data-clear-rows]', (event, button) => { const list = button.closest('.yk-list'); boxes(list).forEach((box) => { box.checked = false; }); count(list); });

/* filters: search while typing, a menu applies when it closes, chips and Enter at once */
const apply = (form) => form?.dispatchEvent(new CustomEvent('yk-apply', { bubbles: true }));
on('input', '#yk-q', calm((event, input) => apply(input.form), 250));
on('change', '.yk-flt-m', (event, menu) => { menu.dataset.changed = '1'; });
on('hidden.bs.dropdown', '.yk-flt-g', (event, group) => { const menu = $('.yk-flt-m', group); if (menu?.dataset.changed) { delete menu.dataset.changed; apply(menu.closest('form')); } });
on('click', '[data-flt-clear]', (event, button) => {
  const menu = button.closest('.yk-flt-m');
  for (const input of $$('input, select', menu)) { if (input.matches('[type=checkbox], [type=radio]')) input.checked = false; else { input.value = ''; input.tomselect?.clear(true); } }
  menu.dataset.changed = '1';
});
/* a long list of options is searched in its menu */
on('input', '[data-flt-find]', (event, input) => { for (const item of $$('label.dropdown-item', input.closest('.yk-flt-m'))) item.hidden = !item.textContent.toLowerCase().includes(input.value.trim().toLowerCase()); });
on('click', '[data-toggle]', (event, button) => { const target = document.getElementById(button.dataset.toggle); target.hidden = !target.hidden; button.setAttribute('aria-expanded', !target.hidden); if (!target.hidden) $('input, textarea', target)?.focus(); });
on('click', '[data-insert]', (event, button) => { const input = document.getElementById(button.dataset.insert); input.setRangeText(button.value, input.selectionStart, input.selectionEnd, 'end'); input.focus(); input.dispatchEvent(new Event('input', { bubbles: true })); });

/* a press anywhere on a row opens it; a middle press in a new tab; marking text does not */
on('click', 'tr[data-url]', (event, row) => {
  if (event.defaultPrevented || event.target.closest('a, button, input, label, select, .dropdown-menu') || String(getSelection())) return;
  if (event.target.closest('.yk-c-pick')) { $('.yk-row', row)?.click(); return; }
  if (event.ctrlKey || event.metaKey) open(row.dataset.url, '_blank', 'noopener'); else location.href = row.dataset.url;
});

/* one menu for all rows instead of one a row: 50 rows are 50 KB lighter */
let opener;
const close = (focus) => {
  const menu = $('#yk-row-menu');
  if (!menu || menu.hidden) return;
  menu.hidden = true;
  menu.classList.remove('show');
  opener?.setAttribute('aria-expanded', 'false');
  if (focus) opener?.focus();
};
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('.yk-more'), same = button && button === opener && !$('#yk-row-menu')?.hidden;
  close();
  if (!button || same) return;
  const menu = $('#yk-row-menu'), row = button.closest('[data-id]');
  opener = button;
  for (const item of $$('[data-for]', menu)) {
    const url = item.dataset.for.replaceAll('{id}', row.dataset.id).replaceAll('{version}', row.dataset.version ?? '');
    for (const name of ['href', 'hx-get', 'hx-post', 'hx-delete']) if (item.hasAttribute(name)) item.setAttribute(name, url);
  }
  menu.hidden = false;
  menu.classList.add('show');
  button.setAttribute('aria-expanded', 'true');
  const place = button.getBoundingClientRect();
  Object.assign(menu.style, { position: 'fixed', left: `${Math.max(8, place.right - menu.offsetWidth)}px`, top: `${place.bottom + menu.offsetHeight > innerHeight ? place.top - menu.offsetHeight - 4 : place.bottom + 4}px` });
  $('a, button', menu)?.focus();
});
document.addEventListener('scroll', (event) => { if (!event.target.closest?.('#yk-row-menu')) close(); }, true);
document.addEventListener('keydown', (event) => {
  const menu = $('#yk-row-menu');
  if (!menu || menu.hidden) return;
  if (event.key === 'Escape') { event.preventDefault(); close(true); return; }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = $$('a, button', menu);
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
});

/* move an item of an ordered list by buttons: the keyboard's way to what dragging does */
on('click', 'button[data-move]', (event, button) => {
  event.preventDefault();
  const item = button.closest('li, tr'), up = button.dataset.move === 'up';
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  up ? other.before(item) : other.after(item);
  button.focus();
  item.dispatchEvent(new CustomEvent('yk-moved', { bubbles: true }));
  const told = $('#yk-told');
  if (told) told.textContent = say('moved', { n: [...item.parentElement.children].indexOf(item) + 1 });
});
