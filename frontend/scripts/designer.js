// 功能自定义: a copy of the entity is edited here; what is sent is a partial overlay in the dialect, and only what differs.
// Alpine (its build without eval) draws it; the server checks, plans and applies.
import Alpine from '@alpinejs/csp';
import Sortable from 'sortablejs/modular/sortable.core.esm.js';
import { $, $$, calm, readJson, say } from './dom.js';
import { complete } from './completion.js';
import { enhance } from './lazy.js';
import { overlayOf, same } from './overlay.js';

const copy = (value) => JSON.parse(JSON.stringify(value));
let serial = 0;
const numbered = (list) => list.map((item) => ({ ...item, id: ++serial }));
const prepared = (design) => ({
  fields: design.fields.map((f) => ({ ...f, options: f.options ? numbered(f.options) : null, rights: { ...f.rights } })),
  sections: numbered(design.sections), columns: [...design.columns],
});

Alpine.data('designer', () => ({
  tab: 'form', find: '', chosenKey: null, target: 0, fields: [], sections: [], columns: [], past: [], future: [], verdict: {}, roles: [], as: '', waiting: null, resetPath: '', origins: [],

  init() {
    this.design = readJson('yk-design');
    this.roles = this.design.roles;
    this.types = Object.fromEntries(this.design.types.flatMap((g) => g.items).map((t) => [t.type, t]));
    Object.assign(this, prepared(this.design));
    this.was = copy(this.snapshot());
    this.kept = this.was;
    if (this.design.names_url) complete(this.$root, this.design.names_url, this.design.entity.key, () => this.fields.filter((f) => this.isNew(f.key)).map((f) => ({ name: f.key, label: f.label, options: (f.options ?? []).map((o) => ({ name: o.key, label: o.label })) })));
    this.$nextTick(() => this.sortables());
    this.$watch('sections.length', () => this.$nextTick(() => this.sortables()));
    this.$watch('chosenKey', () => this.$nextTick(() => this.sortables()));
    const look = calm(() => this.preview(), 250);
    for (const what of ['tab', 'as', 'overlayText']) this.$watch(what, () => { if (this.tab === 'preview') look(); });
  },
  snapshot() { return Alpine.raw({ fields: copy(this.fields), sections: copy(this.sections), columns: copy(this.columns) }); },

  /* ---- history: every act is kept, undo and redo step through ---- */
  keep() {
    const now = this.snapshot();
    if (same(now, this.kept)) return;
    this.past.push(this.kept);
    this.future = [];
    this.kept = copy(now);
  },
  step(from, to) { if (!from.length) return; to.push(copy(this.snapshot())); const state = from.pop(); this.kept = state; Object.assign(this, copy(state)); if (!this.get(this.chosenKey)) this.chosenKey = null; },
  undo() { this.step(this.past, this.future); },
  redo() { this.step(this.future, this.past); },
  get overlay() { return overlayOf(this.design.entity.key, this.was, { fields: this.fields, sections: this.sections, columns: this.columns }); },
  get overlayText() { return JSON.stringify(this.overlay.overlay); },
  get changes() { return this.overlay.count; },
  get changesText() { return say('unsaved', { n: this.changes }); },
  leaving(event) { if (this.changes && !$('#yk-dialogs dialog[open]')) event.preventDefault(); },

  /* ---- fields ---- */
  get(key) { return this.fields.find((f) => f.key === key) ?? { label: key, type: 'text' }; },
  get chosen() { return this.chosenKey ? this.fields.find((f) => f.key === this.chosenKey) : null; },
  choose(key) { this.chosenKey = key; this.verdict = {}; this.whence(key); if (innerWidth < 992) this.$nextTick(() => $('.yk-dz-prop')?.scrollIntoView({ block: 'start' })); },
  isNew(key) { return !this.was.fields.some((f) => f.key === key); },
  iconOf(field) { return `${this.design.icons}#${field.icon ?? 'cursor-text'}`; },
  has(prop) { return this.chosen?.props?.includes(prop) ?? false; },
  get unplaced() { const placed = new Set(this.sections.flatMap((s) => s.fields.map((p) => p.key))); return this.fields.filter((f) => !placed.has(f.key) && !f.retired && !f.system); },
  tagOf(key) { const f = this.get(key); if (f.retired) return say('tag_retired'); if (this.isNew(key)) return say('tag_new'); return this.changed(key) ? say('tag_changed') : ''; },
  tagClass(key) { const f = this.get(key); return f.retired ? 'is-retired' : this.isNew(key) ? '' : 'is-changed'; },
  changed(key) { const was = this.was.fields.find((f) => f.key === key); return was && !same(was, Alpine.raw(copy(this.get(key)))); },
  cardClass(p) { const key = p.key, f = this.get(key); return { 'is-wide': p.wide, 'is-sel': this.chosenKey === key, 'is-new': this.isNew(key), 'is-changed': !this.isNew(key) && this.changed(key), 'is-retired': f.retired }; },
  matches(label) { return !this.find || label.includes(this.find.trim()); },

  add(type, section = this.target, index = null) {
    const t = this.types[type] ?? this.types.text;
    let n = 1;
    while (this.fields.some((f) => f.key === `custom_${n}`)) n++;
    const field = { key: `custom_${n}`, label: say('new_field'), help: '', type, type_label: t.label, icon: t.icon, props: t.props, required: false, unique: false, searchable: false, in_list: true, custom: true, retired: false, fixed: false, options: t.props.includes('options') ? numbered([{ key: 'a', label: `${say('new_option')} 1`, color: 'grey', retired: false }]) : null, target: '', multiple: false, formula: '', default: '', visible_when: '', required_when: '', editable: '', min: '', max: '', length: '', scale: '', rights: {} };
    this.fields.push(field);
    if (!this.sections.length) this.addSection();
    const to = this.sections[Math.min(section, this.sections.length - 1)].fields, place = { key: field.key, wide: ['long_text', 'rich_text', 'rows'].includes(type) };
    index == null ? to.push(place) : to.splice(index, 0, place);
    this.choose(field.key);
    this.keep();
    this.$nextTick(() => { const input = $('#pp-label'); input?.focus(); input?.select(); });
  },
  rename(event) {
    const key = event.target.value.trim(), old = this.chosen.key;
    if (!/^[a-z][a-z0-9_]{0,59}$/.test(key) || this.fields.some((f) => f.key === key)) { event.target.value = old; return; }
    this.chosen.key = key;
    for (const s of this.sections) for (const p of s.fields) if (p.key === old) p.key = key;
    this.columns = this.columns.map((c) => (c === old ? key : c));
    this.chosenKey = key;
    this.keep();
  },
  retype(event) { const t = this.types[event.target.value]; Object.assign(this.chosen, { type: t.type, type_label: t.label, icon: t.icon, props: t.props, options: t.props.includes('options') ? this.chosen.options ?? [] : null }); this.keep(); },
  // the key of a new field follows its label (pinyin, made by the server) until somebody writes one
  async labelled() {
    this.keep();
    const field = this.chosen;
    if (!this.design.key_url || !this.isNew(field.key) || !/^custom_\d+$/.test(field.key)) return;
    const { key } = await fetch(`${this.design.key_url}?label=${encodeURIComponent(field.label)}`).then((r) => r.json()).catch(() => ({}));
    if (key && this.chosen === field) this.rename({ target: { value: key } });
  },
  retire() {
    const field = this.chosen;
    if (this.isNew(field.key)) { this.fields = this.fields.filter((f) => f.key !== field.key); this.sections.forEach((s) => { s.fields = s.fields.filter((p) => p.key !== field.key); }); this.columns = this.columns.filter((c) => c !== field.key); this.chosenKey = null; } else field.retired = !field.retired;
    this.keep();
  },
  get retireText() { return say(this.chosen && this.isNew(this.chosen.key) ? 'act_remove' : this.chosen?.retired ? 'act_restore' : 'act_retire'); },

  /* ---- options ---- */
  get optionsOf() { return this.chosen?.options ?? []; },
  swatch(o) { return `is-${o.color || 'grey'}`; },
  colourText(o) { return say('colour_of', { name: o.label }); },
  recolour(o) { const all = this.design.colours; o.color = all[(all.indexOf(o.color) + 1) % all.length]; this.keep(); },
  addOption() { const all = this.chosen.options ??= []; let n = all.length + 1; while (all.some((o) => o.key === `option_${n}`)) n++; all.push({ key: `option_${n}`, label: `${say('new_option')} ${n}`, color: this.design.colours[n % this.design.colours.length], retired: false, id: ++serial }); this.keep(); },
  moveOption(i, by) { swap(this.chosen.options, i, i + by); this.keep(); },
  retireOption(o, i) { const stored = this.was.fields.find((f) => f.key === this.chosen.key)?.options?.some((x) => x.key === o.key); stored ? o.retired = !o.retired : this.chosen.options.splice(i, 1); this.keep(); },
  optionText(o) { return say(o.retired ? 'act_restore_of' : 'act_retire_of', { name: o.label }); },

  /* ---- conditions: the server says whether they hold ---- */
  check(name) { (this.asking ??= calm((which) => this.ask(which), 350))(name); },
  async ask(name) {
    if (!this.chosen) return;
    const source = this.chosen[name]?.trim();
    if (!source) { this.verdict = { ...this.verdict, [name]: null }; return; }
    const url = new URL(this.design.check_url, location.href);
    for (const [k, v] of Object.entries({ entity: this.design.entity.key, expression: source, expect: name === 'formula' ? '' : 'bool', overlay: this.overlayText })) url.searchParams.set(k, v);
    const said = await fetch(url).then((r) => r.json()).catch(() => null);
    if (said) this.verdict = { ...this.verdict, [name]: said };
  },
  verdictClass(name) { return this.verdict[name]?.ok === false ? 'is-bad' : ''; },
  verdictText(name) { const v = this.verdict[name]; return v ? [v.said, v.used?.length ? say('uses', { names: v.used.join(say('between')) }) : '', v.count, v.sample].filter(Boolean).join(' · ') : ''; },

  get editMode() { const said = this.chosen?.editable; return said === null || said === undefined ? '' : ['', 'new', 'false'].includes(said) ? said : 'when'; },
  setEditMode(event) { const mode = event.target.value; this.chosen.editable = mode === 'when' ? 'true' : mode; this.keep(); },

  /* ---- back to what the modules say: the server plans it ---- */
  async whence(key) {
    this.origins = [];
    if (!this.design.origins_url || this.isNew(key)) return;
    const { origins } = await fetch(`${this.design.origins_url}?field=${encodeURIComponent(key)}`).then((r) => r.json()).catch(() => ({}));
    if (origins && this.chosenKey === key) this.origins = origins;
  },
  reset(path) { this.resetPath = JSON.stringify(path); this.$nextTick(() => this.$refs.reset.requestSubmit()); },

  /* ---- the form as a role would see it, drawn by the server with what is not applied yet ---- */
  async preview() {
    const url = new URL(this.design.preview_url, location.href), box = this.$refs.preview, serial = (this.waiting = (this.waiting ?? 0) + 1);
    url.searchParams.set('overlay', this.overlayText);
    url.searchParams.set('role', this.as);
    const answer = await fetch(url).catch(() => null);
    const drawn = answer?.ok ? await answer.text() : null;
    if (drawn === null || serial !== this.waiting) return;
    box.innerHTML = drawn;
    $('form', box)?.addEventListener('submit', (event) => event.preventDefault());
    enhance(box);
  },

  /* ---- rights ---- */
  rightOf(role) { return this.chosen?.rights?.[role] ?? 'write'; },
  setRight(role, event) { this.chosen.rights = { ...this.chosen.rights, [role]: event.target.value }; this.keep(); },

  /* ---- the form: by hand and by keyboard ---- */
  addSection() { this.sections.push({ title: `${say('new_section')} ${this.sections.length + 1}`, fields: [], id: ++serial }); this.target = this.sections.length - 1; this.keep(); },
  moveSection(i, by) { swap(this.sections, i, i + by); this.keep(); },
  removeSection(i) { if (!this.sections[i].fields.length) { this.sections.splice(i, 1); this.keep(); } },
  move(si, fi, by) {
    const from = this.sections[si].fields, to = fi + by;
    if (to >= 0 && to < from.length) swap(from, fi, to);
    else { const other = this.sections[si + by]; if (!other) return; const [p] = from.splice(fi, 1); by < 0 ? other.fields.push(p) : other.fields.unshift(p); }
    this.keep();
  },
  moveTo(si, fi, oi) { const [p] = this.sections[si].fields.splice(fi, 1); this.sections[oi].fields.push(p); this.keep(); },
  moveToText(section) { return say('move_to', { name: section.title }); },
  toggleWide(si, fi) { const p = this.sections[si].fields[fi]; p.wide = !p.wide; this.keep(); },
  wideText(p) { return say(p.wide ? 'half_row' : 'whole_row'); },
  unplace(si, fi) { this.sections[si].fields.splice(fi, 1); this.keep(); },
  place(key) { if (!this.sections.length) this.addSection(); this.sections[Math.min(this.target, this.sections.length - 1)].fields.push({ key, wide: false }); this.choose(key); this.keep(); },

  /* ---- the list ---- */
  get offColumns() { return this.fields.filter((f) => f.in_list && !f.retired && !this.columns.includes(f.key)); },
  get inList() { return this.columns.includes(this.chosenKey); },
  addColumn(key) { this.columns.push(key); this.keep(); },
  removeColumn(i) { this.columns.splice(i, 1); this.keep(); },
  moveColumn(i, by) { swap(this.columns, i, i + by); this.keep(); },
  toggleColumn() { this.inList ? this.columns.splice(this.columns.indexOf(this.chosenKey), 1) : this.columns.push(this.chosenKey); this.keep(); },

  /* ---- dragging: the DOM is put back as it was and the state is changed instead, so that Alpine stays the only one who draws ---- */
  sortables() {
    const once = (selector, start) => $$(selector, this.$root).filter((list) => !list.sorted).forEach((list) => { list.sorted = Sortable.create(list, start(list)); });
    const common = { animation: 140, delay: 120, delayOnTouchOnly: true, ghostClass: 'is-ghost' };
    once('[data-palette]', () => ({ ...common, group: { name: 'fields', pull: 'clone', put: false }, sort: false, draggable: '.yk-pal-i' }));
    once('[data-unplaced]', () => ({ ...common, group: { name: 'fields', pull: 'clone', put: false }, sort: false, draggable: '.yk-pal-i' }));
    once('[data-section]', () => ({ ...common, group: 'fields', draggable: '.yk-df', handle: '.yk-grip',
      onAdd: (event) => this.dropped(event), onUpdate: (event) => this.dropped(event) }));
    once('[data-sections]', () => ({ ...common, draggable: '.yk-cs', handle: '.yk-cs > header > .yk-grip', onUpdate: (event) => { putBack(event); shift(this.sections, event.oldDraggableIndex, event.newDraggableIndex); this.keep(); } }));
    once('[data-columns]', () => ({ ...common, draggable: 'li', handle: '.yk-grip', onUpdate: (event) => { putBack(event); shift(this.columns, event.oldDraggableIndex, event.newDraggableIndex); this.keep(); } }));
    once('[data-options]', () => ({ ...common, draggable: 'li', handle: '.yk-grip', onUpdate: (event) => { putBack(event); shift(this.chosen.options, event.oldDraggableIndex, event.newDraggableIndex); this.keep(); } }));
  },
  dropped(event) {
    const { item, from, to, oldDraggableIndex: was, newDraggableIndex: now } = event;
    const at = Number(to.dataset.at);
    if (item.dataset.type) { item.remove(); this.add(item.dataset.type, at, now); return; }
    if (from.hasAttribute('data-unplaced')) { item.remove(); this.sections[at].fields.splice(now, 0, { key: item.dataset.key, wide: false }); this.keep(); return; }
    putBack(event);
    const [moved] = this.sections[Number(from.dataset.at)].fields.splice(was, 1);
    this.sections[at].fields.splice(now, 0, moved);
    this.keep();
  },
}));

function putBack({ item, from, oldDraggableIndex }) {
  item.remove();
  const others = [...from.children].filter((child) => child.tagName !== 'TEMPLATE');
  from.insertBefore(item, others[oldDraggableIndex] ?? null);
}
const shift = (list, was, now) => list.splice(now, 0, ...list.splice(was, 1));
function swap(list, a, b) { if (list[b] === undefined) return; [list[a], list[b]] = [list[b], list[a]]; }

let started = false;
export function designer() {
  if (started) return;
  started = true;
  Alpine.start();
}
