// Completion of names in a formula or condition: fields, what lies beyond a link, options after a comparison, functions.
// The list is a listbox of the text area (aria-activedescendant); arrows choose, Enter or Tab takes, Esc closes.
import { $, make } from './dom.js';

const MOST = 8;
const asked = new Map();
let serial = 0;
const namesOf = (url, entity) => {
  if (!asked.has(entity)) asked.set(entity, fetch(`${url}?entity=${encodeURIComponent(entity)}`).then((r) => (r.ok ? r.json() : null)).catch(() => null));
  return asked.get(entity);
};

/** ``more()`` gives fields that are not applied yet, as the server would name them. */
export function complete(root, url, entity, more) {
  root.addEventListener('input', (event) => { if (event.target.matches('[data-complete]') && event.isTrusted) offer(event.target, url, entity, more); });
  root.addEventListener('keydown', (event) => { if (event.target.matches('[data-complete]')) steer(event); });
  root.addEventListener('focusout', (event) => { if (event.target.matches('[data-complete]')) close(event.target); });
  // a press must not take the focus out of the text before it is taken
  root.addEventListener('mousedown', (event) => { if (event.target.closest('.yk-cmp')) event.preventDefault(); });
  root.addEventListener('click', (event) => { const option = event.target.closest('.yk-cmp [role=option]'); if (option) take($(`[aria-controls="${option.parentElement.id}"]`, root), option); });
}

/* the dotted words before the caret, and the field that a comparison is about */
function standing(area) {
  const before = area.value.slice(0, area.selectionStart);
  const [word] = before.match(/[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]*)*$/u) ?? [''];
  const compared = before.slice(0, before.length - word.length).match(/([a-z_][a-z0-9_]*)\s*(?:==|!=|in\s*\((?:\s*\w+\s*,)*)\s*$/);
  return { word, compared: compared?.[1] };
}

async function candidates({ word, compared }, url, entity, more) {
  const path = word.split('.'), typed = path.pop().toLowerCase();
  let names = await namesOf(url, entity);
  if (!names) return [];
  let fields = [...names.fields, ...more().filter((f) => !names.fields.some((one) => one.name === f.name))];
  for (const step of path) {
    const beyond = fields.find((f) => f.name === step)?.entity;
    const next = beyond ? await namesOf(url, beyond) : null;
    if (!next) return [];
    fields = next.fields;
  }
  const options = !path.length && compared ? fields.find((f) => f.name === compared)?.options ?? [] : [];
  const functions = path.length || compared ? [] : names.functions.map((f) => ({ ...f, name: `${f.name}(` }));
  const fits = ({ name, label }) => name.toLowerCase().startsWith(typed) || (typed && label.toLowerCase().includes(typed));
  const all = [...options, ...fields, ...functions].filter(fits);
  return all.filter((one) => one.name !== word).slice(0, MOST);
}

async function offer(area, url, entity, more) {
  const place = standing(area), mine = (area.offering = ++serial);
  const found = place.word || place.compared ? await candidates(place, url, entity, more) : [];
  if (mine !== area.offering) return;
  if (!found.length || document.activeElement !== area) { close(area); return; }
  const list = area.offers ??= make('ul', { class: 'yk-cmp', role: 'listbox', id: `yk-cmp-${++serial}` });
  list.setAttribute('aria-label', area.labels?.[0]?.textContent ?? area.id);
  list.replaceChildren(...found.map(({ name, label }, at) => {
    const option = make('li', { role: 'option', id: `${list.id}-${at}` });
    option.dataset.name = name;
    option.append(make('code', {}, name), make('span', {}, label));
    return option;
  }));
  if (!list.isConnected) area.after(list);
  area.setAttribute('aria-controls', list.id);
  area.setAttribute('aria-autocomplete', 'list');
  mark(area, 0);
}

function mark(area, at) {
  const options = [...area.offers.children];
  options.forEach((option, i) => option.setAttribute('aria-selected', i === at));
  area.setAttribute('aria-activedescendant', options[at].id);
}

function steer(event) {
  const area = event.target, list = area.offers;
  if (!list?.isConnected) return;
  const options = [...list.children], at = options.findIndex((option) => option.getAttribute('aria-selected') === 'true');
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') mark(area, (at + (event.key === 'ArrowDown' ? 1 : options.length - 1)) % options.length);
  else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) take(area, options[at]);
  else if (event.key === 'Escape') close(area);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function take(area, option) {
  const { word } = standing(area), end = area.selectionStart;
  const begin = end - (word.includes('.') ? word.length - word.lastIndexOf('.') - 1 : word.length);
  area.setRangeText(option.dataset.name, begin, end, 'end');
  close(area);
  for (const kind of ['input', 'change']) area.dispatchEvent(new Event(kind, { bubbles: true }));
  area.focus();
}

function close(area) {
  area.offering = ++serial;
  area.offers?.remove();
  for (const name of ['aria-controls', 'aria-activedescendant']) area.removeAttribute(name);
}
