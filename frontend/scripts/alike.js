// The warning of a form while it is filled: a record like this one is there already. It hinders nothing; the server says it.
import { $, $$, calm, csrf } from './dom.js';

export function watch(form) {
  const fields = form.dataset.alikeOf.split(',');
  let latest = 0;
  const ask = calm(async () => {
    const mine = ++latest, body = new FormData();
    // only what is compared is sent
    for (const [name, value] of new FormData(form)) if (fields.includes(name.split(/[.:]/)[0])) body.append(name, value);
    if (![...body.values()].some(Boolean)) { clear(form); return; }
    const answer = await fetch(form.dataset.alike, { method: 'POST', body, headers: { 'X-CSRFToken': csrf(), 'HX-Request': 'true' } }).catch(() => null);
    if (mine !== latest || !answer?.ok || !form.isConnected) return;
    place(form, await answer.text());
  }, 400);
  const hear = ({ target }) => { if (fields.includes(target.closest('[data-field]')?.dataset.field)) ask(); };
  form.addEventListener('input', hear);
  form.addEventListener('change', hear);
  if (form.matches('#yk-form') && $('.yk-errors', form)) ask();
}

const clear = (form) => $$('.yk-alike', form).forEach((old) => old.remove());

function place(form, html) {
  const came = new DOMParser().parseFromString(html, 'text/html'), told = $('#yk-told');
  const before = $$('.yk-alike', form).map((old) => old.textContent).join();
  clear(form);
  for (const note of $$('[data-alike-of]', came)) {
    const field = $(`[data-field="${CSS.escape(note.dataset.alikeOf)}"]`, form);
    (field ?? $('.yk-fields', form) ?? form).append(document.adoptNode(note));
  }
  const now = $$('.yk-alike', form).map((note) => note.textContent).join();
  if (told && now && now !== before) told.textContent = now;
}
