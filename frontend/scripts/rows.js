// Rows owned by a record, edited in place: add, copy, remove, move, paste from a spreadsheet.
// A row's key is opaque: `lines.<key>.product`; the order on the page is the order that is saved.
import { $, $$, make, say } from './dom.js';
import { decimal } from './decimal.js';
import { enhance } from './lazy.js';

let made = 0;

export function startRows(form, changed) {
  for (const box of $$('[data-rows]', form)) {
    box.addEventListener('click', (event) => act(event, box, changed));
    box.addEventListener('keydown', (event) => keys(event, box, changed));
    box.addEventListener('paste', (event) => paste(event, box, changed));
    box.addEventListener('yk-moved', () => { renumber(box); changed(); });
    renumber(box);
  }
}

const body = (box) => $('tbody', box);
export const live = (box) => $$('tr[data-row]', body(box)).filter((row) => !row.hidden);

/** Adds an empty row (or a copy of `from`) after `after`, and returns it. */
export function addRow(box, { key = `n${Date.now().toString(36)}${made++}`, after = null, from = null } = {}) {
  const template = $('template', box);
  const holder = make('tbody');
  holder.innerHTML = template.innerHTML.replaceAll('__key__', key);
  const row = holder.firstElementChild;
  after ? after.after(row) : body(box).append(row);
  if (from) copyValues(from, row);
  enhance(row);
  renumber(box);
  return row;
}

function act(event, box, changed) {
  const button = event.target.closest('[data-row-act]');
  if (!button) return;
  const row = button.closest('tr[data-row]');
  if (button.dataset.rowAct === 'add') focusFirst(addRow(box));
  if (button.dataset.rowAct === 'copy') addRow(box, { after: row, from: row });
  if (button.dataset.rowAct === 'remove') remove(box, row);
  changed();
}

/* a stored row stays in the form, hidden and marked; a new one simply goes */
function remove(box, row) {
  const next = live(box)[live(box).indexOf(row) + 1] ?? live(box)[live(box).indexOf(row) - 1];
  if ($('[name$=".id"]', row)?.value) {
    row.hidden = true;
    row.append(make('td', { hidden: true }, make('input', { type: 'hidden', name: `${box.dataset.rows}.${row.dataset.row}.deleted`, value: '1' })));
    $$('[required]', row).forEach((control) => control.removeAttribute('required'));
  } else row.remove();
  renumber(box);
  if (next) $('[data-row-act=remove]', next)?.focus(); else $('[data-row-act=add]', box)?.focus();
}

function renumber(box) {
  live(box).forEach((row, i) => { const no = $('.yk-row-no', row); if (no) no.textContent = i + 1; });
  const told = $(`[data-count="${box.dataset.rows}"]`) ?? null;
  if (told) told.textContent = say('rows', { n: live(box).length });
  const empty = $('.yk-lines-e', box);
  if (empty) empty.hidden = live(box).length > 0;
}

const controls = (row) => $$('input:not([type=hidden]), select, textarea', row).filter((c) => c.name);
const focusFirst = (row) => { const first = controls(row)[0]; (first?.tomselect ?? first)?.focus(); };
const fieldOf = (control) => control.name.split('.').slice(2).join('.');
function copyValues(from, to) {
  const sources = Object.fromEntries(controls(from).map((c) => [fieldOf(c), c]));
  for (const control of controls(to)) {
    const source = sources[fieldOf(control)];
    if (!source) continue;
    if (control.type === 'checkbox') control.checked = source.checked;
    else if (control.tagName === 'SELECT') { control.replaceChildren(...[...source.options].map((o) => o.cloneNode(true))); control.value = source.value; if (source.tomselect) carry(source, control); } else control.value = source.value;
    if (source.dataset.byHand) control.dataset.byHand = source.dataset.byHand;
  }
}
function carry(source, control) {
  const chosen = source.tomselect.options[source.value];
  if (!chosen) return;
  control.replaceChildren(make('option', { value: chosen.id, selected: true, 'data-extra': JSON.stringify(chosen.extra ?? {}) }, chosen.title));
}

/* Ctrl+Enter adds a row; Alt+Up/Down moves one */
function keys(event, box, changed) {
  const row = event.target.closest('tr[data-row]');
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); focusFirst(addRow(box, { after: row })); changed(); }
  if (row && event.altKey && ['ArrowUp', 'ArrowDown'].includes(event.key)) {
    event.preventDefault();
    const all = live(box), other = all[all.indexOf(row) + (event.key === 'ArrowUp' ? -1 : 1)];
    if (!other) return;
    event.key === 'ArrowUp' ? other.before(row) : other.after(row);
    event.target.focus();
    renumber(box);
    changed();
  }
}

/* cells copied from a spreadsheet: the first goes where the cursor is, rows are added as needed */
function paste(event, box, changed) {
  const text = event.clipboardData?.getData('text/plain') ?? '';
  const control = event.target.closest('input, select, textarea');
  if (!control?.name || (!/\t/.test(text) && !/\n./.test(text))) return;
  event.preventDefault();
  const table = text.replace(/\r/g, '').replace(/\n$/, '').split('\n').map((line) => line.split('\t'));
  let row = control.closest('tr[data-row]');
  const start = controls(row).findIndex((c) => fieldOf(c) === fieldOf(control));
  for (const [n, cells] of table.entries()) {
    if (n) { const all = live(box); row = all[all.indexOf(row) + 1] ?? addRow(box); }
    const targets = controls(row).slice(start);
    cells.forEach((cell, i) => targets[i] && put(targets[i], cell.trim()));
  }
  changed();
}
function put(control, cell) {
  if ('follow' in control.dataset) control.dataset.byHand = cell === '' ? '' : '1';
  if (control.type === 'checkbox') control.checked = /^(1|y|yes|true|是|√|✓)$/i.test(cell);
  else if (control.tagName === 'SELECT' && (control.tomselect || control.dataset.lookup)) {
    // the look-up widget may still be on its way for a row that was made a moment ago
    if (!control.tomselect) { control.addEventListener('yk-lookup-ready', () => put(control, cell), { once: true }); return; }
    control.tomselect.find(cell);
  } else if (control.tagName === 'SELECT') { const option = [...control.options].find((o) => o.text === cell || o.value === cell); if (option) control.value = option.value; } else control.value = control.dataset.number !== undefined && decimal(cell) != null ? cell.replace(/[,，\s]/g, '') : cell;
  control.dispatchEvent(new Event('input', { bubbles: true }));
}
