// The form while it is being filled: totals, what is shown and required, rows, the draft, the warning on leaving.
// Everything is recomputed by the server on saving; nothing here decides.
import { $, $$, on, readJson } from './dom.js';
import { decimal, pretty } from './decimal.js';
import { evaluate } from './formula.js';
import { startRows } from './rows.js';
import { keepDraft } from './draft.js';

export function openForm(form) {
  const spec = readJson(form.dataset.form) ?? {};
  form.spec = { compute: [], visible: {}, required: {}, values: {}, ...spec };
  startRows(form, () => recompute(form));
  form.addEventListener('input', (event) => { if (event.target.matches?.('[data-follow]') && event.isTrusted) event.target.dataset.byHand = event.target.value === '' ? '' : '1'; recompute(form); });
  form.addEventListener('change', () => recompute(form));
  form.addEventListener('yk-recompute', () => recompute(form));
  $$('[data-number]', form).forEach(beautify);
  recompute(form);
  form.clean = snapshot(form);
  if (form.dataset.draft) keepDraft(form, () => snapshot(form) !== form.clean, () => { $$('[data-number]', form).forEach(beautify); recompute(form); });
  const summary = $('.yk-errors', form);
  if (summary) { summary.focus(); form.clean = ''; }
  return form.dataset.alike ? import('./alike.js').then((m) => m.watch(form)) : undefined; // ready once it listens
}

/* what a form says, without what changes by itself */
const snapshot = (form) => JSON.stringify([...new FormData(form)].filter(([name, value]) => name !== 'csrf_token' && typeof value === 'string').map(([name, value]) => [name, plainNumber(form, name, value)]));
const plainNumber = (form, name, value) => (form.elements[name]?.dataset?.number !== undefined ? value.replace(/,/g, '') : value);

/* ---- values as formulas see them ---- */
function scopeOf(form, prefix = '', parent = null) {
  const control = (name) => form.elements[prefix + name];
  return {
    parent,
    value(name) {
      const out = $(`[data-out="${CSS.escape(prefix + name)}"]`, form);
      if (out && !('follow' in out.dataset)) return out.computed ?? decimal(out.dataset.value) ?? null;
      const element = control(name);
      if (!element) return parent ? parent.value(name) : form.spec.values[name] ?? null;
      if (element instanceof RadioNodeList) {
        const boxes = [...element].filter((e) => e.type === 'checkbox');
        return boxes.length ? boxes.filter((b) => b.checked).map((b) => b.value) : element.value || null;
      }
      if (element.type === 'checkbox') return element.checked;
      if (element.multiple) return [...element.selectedOptions].map((o) => o.value);
      if (element.dataset.number !== undefined) return decimal(element.value) ?? null;
      return element.value === '' ? null : element.value;
    },
    beyond(link, field) {
      const element = control(link);
      const item = element?.tomselect?.options[element.value] ?? element?.selectedOptions?.[0]?.dataset;
      const extra = typeof item?.extra === 'string' ? JSON.parse(item.extra) : item?.extra;
      return extra?.[field] ?? null;
    },
    rows(name) { return rowKeys(form, name).map((key) => Object.assign(scopeOf(form, `${name}.${key}.`, this), { prefix: `${name}.${key}.` })); },
  };
}
const rowKeys = (form, name) => $$(`[data-rows="${name}"] tr[data-row]`, form).filter((row) => !row.hidden).map((row) => row.dataset.row);

/* ---- recompute: rows first, in the order the server gives ---- */
function recompute(form) {
  const record = scopeOf(form);
  for (const { name, tree, scale } of form.spec.compute) {
    const dot = name.indexOf('.');
    if (dot < 0) { show(form, name, evaluate(tree, record), scale); continue; }
    const rows = name.slice(0, dot), field = name.slice(dot + 1);
    for (const scope of record.rows(rows)) show(form, scope.prefix + field, evaluate(tree, scope), scale);
  }
  for (const out of $$('[data-tree]', form)) { const value = evaluate(JSON.parse(out.dataset.tree), record); out.textContent = text(value, Number(out.dataset.scale ?? 2)); }
  for (const [name, tree] of Object.entries(form.spec.visible)) toggle(form, name, evaluate(tree, record) === true);
  for (const [name, tree] of Object.entries(form.spec.required)) require(form, name, evaluate(tree, record) === true);
}
const text = (value, scale) => (typeof value === 'bigint' ? pretty(value, scale) : value == null ? '' : String(value));
function show(form, name, value, scale) {
  const out = $(`[data-out="${CSS.escape(name)}"]`, form);
  if (!out) return;
  if (out.dataset.number !== undefined && typeof value === 'string') value = decimal(value) ?? null;
  out.computed = value;
  if ('follow' in out.dataset) { if (!out.dataset.byHand && document.activeElement !== out) { const shown = text(value, scale); if (out.value !== shown) { out.value = shown; } } return; }
  out.textContent = value == null ? '—' : text(value, scale);
}
function toggle(form, name, visible) {
  const field = $(`[data-field="${CSS.escape(name)}"]`, form);
  if (!field || field.hidden === !visible) return;
  field.hidden = !visible;
  // what is hidden is not sent: the server keeps or empties it by its own rule
  $$('input, select, textarea', field).forEach((control) => { control.disabled = !visible; });
}
function require(form, name, required) {
  const field = $(`[data-field="${CSS.escape(name)}"]`, form);
  $('.form-label', field ?? document.createElement('i'))?.classList.toggle('required', required);
  for (const control of $$('input, select, textarea', field ?? document.createElement('i'))) if (control.name) control.setAttribute('aria-required', required);
}

/* ---- numbers: pretty when left, plain when entered ---- */
function beautify(input) {
  const value = decimal(input.value);
  if (value != null && document.activeElement !== input) input.value = pretty(value, input.dataset.number === '' ? null : Math.max(Number(input.dataset.number), fractionOf(input.value)));
}
const fractionOf = (value) => (value.split('.')[1] ?? '').length;
on('focusin', '[data-number]', (event, input) => { if (decimal(input.value) != null) { input.value = input.value.replace(/,/g, ''); input.select(); } });
on('focusout', '[data-number]', (event, input) => {
  input.setAttribute('aria-invalid', decimal(input.value) === undefined);
  beautify(input);
});

/* ---- create on the spot: the new record is chosen where it was asked for ---- */
document.addEventListener('yk-created', ({ detail }) => {
  const select = document.getElementById(detail.for);
  if (!select) return;
  select.tomselect?.addOption(detail.item);
  select.tomselect?.setValue(String(detail.item.id));
  $$('#yk-dialogs dialog[open]').forEach((dialog) => dialog.close());
});

/* after an answer with faults the summary is read first; its links lead to the fields */
on('click', '.yk-errors a', (event, link) => {
  const target = document.getElementById(link.getAttribute('href').slice(1));
  if (!target) return;
  event.preventDefault();
  (target.tomselect ?? target).focus();
  target.closest('.yk-field, tr')?.scrollIntoView({ block: 'center' });
});

/* a pointer to one of several entities: the second control looks up what the first one says */
on('change', '[data-pointer] select:first-child', (event, kind) => {
  const record = $('select[data-lookup]', kind.parentElement), { lookupUrl, createUrl } = kind.selectedOptions[0].dataset;
  Object.assign(record.dataset, { lookup: lookupUrl, create: createUrl });
  record.tomselect?.clear();
  record.tomselect?.clearOptions();
});
on('input', '[data-colour-for]', (event, picker) => { document.getElementById(picker.dataset.colourFor).value = picker.value; });
