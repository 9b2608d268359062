// Nothing typed is lost: the form is kept in this tab (sessionStorage) until it is saved, and leaving it asks first.
import { $, $$, calm, icon, make, say } from './dom.js';
import { addRow } from './rows.js';

const entries = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && name !== 'csrf_token');
const chosen = (form) => Object.fromEntries($$('select[data-lookup]', form).filter((s) => s.name).map((s) => [s.name, [...s.selectedOptions].map((o) => [o.value, o.text])]));

/** `changed()` says whether the form differs from what the server gave; `restored()` is called after a draft was put back. */
export function keepDraft(form, changed, restored) {
  const key = `yk-draft:${form.dataset.draft}`;
  const keep = () => { try { changed() ? sessionStorage.setItem(key, JSON.stringify({ at: Date.now(), entries: entries(form), chosen: chosen(form) })) : sessionStorage.removeItem(key); } catch { /* full: the warning on leaving still stands */ } };
  let leaving = false;
  const kept = read(key);
  if (kept && !$('.yk-errors', form)) offer(form, kept, key, restored);
  form.addEventListener('input', calm(() => { if (!leaving) keep(); }, 400));
  form.addEventListener('change', calm(() => { if (!leaving) keep(); }, 400));
  form.addEventListener('click', calm(() => { if (!leaving) keep(); }, 500));
  addEventListener('beforeunload', (event) => { if (!leaving && form.isConnected && changed()) event.preventDefault(); });
  form.addEventListener('submit', () => { leaving = true; setTimeout(() => { leaving = false; }, 4000); });
  // a saved form (the answer sends the browser elsewhere) needs its draft no more
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => { if (ctx.sourceElement === form && ctx.response.status < 300) { leaving = true; sessionStorage.removeItem(key); } });
  for (const link of $$('[data-discard]', form.ownerDocument)) link.addEventListener('click', () => sessionStorage.removeItem(key));
}

const read = (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } };

function offer(form, kept, key, restored) {
  const time = new Date(kept.at).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
  const put = make('button', { type: 'button', class: 'btn btn-sm' }, say('draft_restore'));
  const drop = make('button', { type: 'button', class: 'btn btn-sm btn-ghost' }, say('draft_discard'));
  const note = make('div', { class: 'yk-note is-info', role: 'status' }, icon('history'), make('div', {}, make('b', {}, say('draft_found', { time }))), put, drop);
  $('.yk-savebar', form)?.after(note) ?? form.prepend(note);
  put.addEventListener('click', () => { restore(form, kept); note.remove(); restored(); });
  drop.addEventListener('click', () => { sessionStorage.removeItem(key); note.remove(); });
}

function restore(form, kept) {
  const rowKeys = {};
  for (const [name] of kept.entries) { const m = /^([^.]+)\.([^.]+)\./.exec(name); if (m) (rowKeys[m[1]] ??= new Set()).add(m[2]); }
  for (const box of $$('[data-rows]', form)) {
    const wanted = rowKeys[box.dataset.rows] ?? new Set();
    for (const row of $$('tr[data-row]', box)) if (!wanted.has(row.dataset.row)) row.remove();
    for (const k of wanted) if (!$(`tr[data-row="${CSS.escape(k)}"]`, box)) addRow(box, { key: k });
  }
  for (const box of $$('input[type=checkbox], input[type=radio]', form)) if (box.name) box.checked = false;
  for (const [name, value] of kept.entries) {
    const control = form.elements[name];
    if (!control) continue;
    const all = control instanceof RadioNodeList ? [...control] : [control];
    if (/^(checkbox|radio)$/.test(all[0].type)) { const box = all.find((c) => c.value === value); if (box) box.checked = true; continue; }
    if (all[0].tagName === 'SELECT' && kept.chosen[name]) continue;
    all.at(-1).value = value;
  }
  for (const [name, options] of Object.entries(kept.chosen)) {
    const select = form.elements[name];
    if (!select) continue;
    if (select.tomselect) { options.forEach(([id, title]) => select.tomselect.addOption({ id, title })); select.tomselect.setValue(options.map(([id]) => id)); } else select.replaceChildren(...options.map(([id, title]) => make('option', { value: id, selected: true }, title)));
  }
  form.dispatchEvent(new Event('input', { bubbles: true }));
}
