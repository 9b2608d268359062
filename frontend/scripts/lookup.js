// Choosing a record: by name, pinyin or number, and making one on the spot. The server answers
// [{id, title, sub?, extra?}]; `extra` are the fields that formulas of this form read beyond the link.
import TomSelect from 'tom-select/base';
import clear from 'tom-select/plugins/clear_button/plugin.js';
import removeButton from 'tom-select/plugins/remove_button/plugin.js';
import { icon, make, say } from './dom.js';

TomSelect.define('clear_button', clear);
TomSelect.define('remove_button', removeButton);

export function lookup(select) {
  if (select.closest('template') || select.tomselect) return;
  const { create, depends } = select.dataset;
  const query = (q) => {
    const address = new URL(select.dataset.lookup, location.href);
    address.searchParams.set('q', q);
    // a look-up may be narrowed by other fields of the form: data-depends="member,region"
    for (const name of (depends ?? '').split(',').filter(Boolean)) address.searchParams.set(name, select.form?.elements[name]?.value ?? '');
    return address;
  };
  const box = new TomSelect(select, {
    valueField: 'id', labelField: 'title', searchField: [], maxOptions: 50, loadThrottle: 180, preload: 'focus',
    // the server has searched already, by pinyin too: nothing is filtered again here
    score: () => () => 1,
    shouldLoad: () => true,
    placeholder: select.dataset.placeholder || say('lookup_hint'),
    plugins: select.multiple ? ['remove_button'] : select.getAttribute('aria-required') === 'true' ? [] : { clear_button: { title: say('clear'), html: ({ className, title }) => `<div class="${className}" title="${title}">×</div>` } },
    create: 'free' in select.dataset ? (text) => ({ id: text, title: text }) : create ? (text, done) => { openCreate(select, select.dataset.create, text); done(); } : false,
    createFilter: (text) => text.trim().length > 0,
    dropdownParent: select.closest('dialog') ? undefined : 'body',
    load(q, done) { this.clearOptions((o) => this.items.includes(String(o.id))); fetch(query(q), { headers: { Accept: 'application/json' } }).then((r) => (r.ok ? r.json() : Promise.reject(r))).then((list) => done(list.result ?? list), () => done()); },
    onInitialize() { for (const option of select.options) if (option.dataset.extra) this.updateOption(option.value, { ...this.options[option.value], id: option.value, title: option.text, extra: JSON.parse(option.dataset.extra) }); },
    onChange() { select.dispatchEvent(new Event('input', { bubbles: true })); },
    render: {
      option: (item) => make('div', {}, make('span', {}, item.title ?? item.text), item.sub ? make('small', {}, item.sub) : null),
      item: (item) => make('div', {}, item.title ?? item.text),
      no_results: () => make('div', { class: 'no-results' }, say('lookup_none')),
      loading: () => make('div', { class: 'spinner', 'data-word': say('lookup_busy') }),
      option_create: ({ input }) => make('div', { class: 'create' }, icon('plus'), make('span', {}, say('free' in select.dataset ? 'lookup_free' : 'lookup_create', { text: input }))),
    },
  });
  if (select.getAttribute('aria-invalid') === 'true') box.wrapper.classList.add('invalid');
  if (select.getAttribute('aria-describedby')) box.control_input.setAttribute('aria-describedby', select.getAttribute('aria-describedby'));
  /** Chooses the record that `text` names, as pasting from a spreadsheet does; nothing found leaves the text to search with. */
  box.find = (text) => fetch(query(text), { headers: { Accept: 'application/json' } }).then((r) => r.json()).then((answer) => {
    const list = answer.result ?? answer, exact = list.find((o) => o.title === text || o.sub === text) ?? (list.length === 1 ? list[0] : null);
    if (exact) { box.addOption(exact); box.setValue(String(exact.id)); } else box.setTextboxValue(text);
  });
  select.dispatchEvent(new CustomEvent('yk-lookup-ready'));
}

// the dialog for a new record comes from the server: same fields, same checks, same rights as its own form
function openCreate(select, url, text) {
  const address = new URL(url, location.href);
  address.searchParams.set('title', text);
  address.searchParams.set('for', select.id);
  // what narrows the look-up is what the new record hangs on: a guest of the member chosen above
  for (const name of (select.dataset.depends ?? '').split(',').filter(Boolean)) { const value = select.form?.elements[name]?.value; if (value) address.searchParams.set(name, value); }
  window.htmx.ajax('GET', address.pathname + address.search, { target: '#yk-dialogs', swap: 'innerHTML' });
}
