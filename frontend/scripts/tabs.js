// Tabs, parts of a record on phones, kinds of the timeline: one of several things is shown.
import { $$, on } from './dom.js';

export function showTab(tab) {
  const panel = (of) => document.getElementById(of.getAttribute('aria-controls'));
  for (const other of $$('[role=tab]', tab.closest('[role=tablist]'))) {
    other.setAttribute('aria-selected', other === tab);
    other.tabIndex = other === tab ? 0 : -1;
    if (panel(other)) panel(other).hidden = true;
  }
  // several tabs may share one panel that is filled anew
  if (panel(tab)) panel(tab).hidden = false;
}
on('click', '[role=tab]', (event, tab) => showTab(tab));
on('keydown', '[role=tab]', (event, tab) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = $$('[role=tab]', tab.closest('[role=tablist]'));
  const next = all[(all.indexOf(tab) + step + all.length) % all.length];
  event.preventDefault();
  next.focus();
  next.click();
});

on('click', '[data-part-of]', (event, button) => {
  document.getElementById(button.dataset.partOf).dataset.part = button.value;
  for (const other of $$('button', button.parentElement)) other.setAttribute('aria-pressed', other === button);
});
on('click', '[data-tl]', (event, button) => {
  for (const other of $$('[data-tl]', button.parentElement)) other.setAttribute('aria-pressed', other === button);
  for (const item of $$('.yk-tl > li')) item.hidden = button.dataset.tl !== 'all' && item.dataset.kind !== button.dataset.tl && !(item.matches('.yk-tl-d') && dayHas(item, button.dataset.tl));
});
function dayHas(day, kind) {
  for (let next = day.nextElementSibling; next && !next.matches('.yk-tl-d'); next = next.nextElementSibling) if (next.dataset.kind === kind) return true;
  return false;
}

/* stars: the page shows the new state at once, the answer only confirms it */
on('click', '[data-star]', (event, button) => button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true'));

/* 全功能: search by name or pinyin initials (data-k, made on the server) */
on('input', '[data-fn-search]', (event, input) => {
  const wanted = input.value.trim().toLowerCase();
  let shown = 0;
  for (const group of $$('.yk-fn')) {
    let here = 0;
    for (const item of $$('li', group)) { item.hidden = Boolean(wanted) && !item.dataset.k.includes(wanted); here += !item.hidden; }
    group.hidden = !here;
    shown += here;
  }
  for (const row of $$('.yk-favs')) row.hidden = Boolean(wanted);
  document.getElementById('yk-fn-none').hidden = shown > 0;
});
on('click', '[data-fn-clear]', () => { const input = document.querySelector('[data-fn-search]'); input.value = ''; input.dispatchEvent(new Event('input', { bubbles: true })); input.focus(); });

/* what is being written: a comment, a follow-up ... */
on('click', '[data-say]', (event, button) => {
  const form = button.closest('form');
  for (const other of $$('[data-say]', form)) other.setAttribute('aria-pressed', other === button);
  form.elements.kind.value = button.dataset.say;
  form.elements.text.placeholder = button.dataset.hint;
  form.elements.text.focus();
});

/* the import's first step: the file's name appears, the button wakes */
on('change', '[data-bigdrop] input', (event, input) => named(input));
for (const type of ['dragover', 'dragleave', 'drop']) on(type, '[data-bigdrop]', (event, drop) => {
  event.preventDefault();
  drop.classList.toggle('is-over', type === 'dragover');
  if (type !== 'drop') return;
  const input = drop.querySelector('input');
  input.files = event.dataTransfer.files;
  named(input);
});
function named(input) {
  if (!input.files.length) return;
  input.closest('label').querySelector('b').textContent = input.files[0].name;
  for (const button of $$('[data-needs-file]')) button.disabled = false;
}
