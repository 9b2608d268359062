// What differs between an entity as it was and as it stands in the designer, in the words of the dialect.

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const PLAIN = ['label', 'help', 'required', 'unique', 'searchable', 'formula', 'default', 'visible_when', 'required_when', 'editable', 'min', 'max', 'length', 'scale'];
const TELLING = { link: 'link', links: 'links' };
const value = (name, v) => (name === 'editable' && v === 'false' ? false : v === '' || v === undefined ? null : ['length', 'scale'].includes(name) ? Number(v) : ['min', 'max'].includes(name) && /^-?\d+(\.\d+)?$/.test(v) ? Number(v) : v);
const option = (o) => ({ label: o.label, ...(o.color && o.color !== 'grey' ? { color: o.color } : {}), ...(o.retired ? { retired: true } : {}) });

function created(field) {
  const made = { label: field.label };
  if (field.options) { made.options = Object.fromEntries(field.options.map((o) => [o.key, option(o)])); if (field.multiple) made.multiple = true; } else if (TELLING[field.type]) made[TELLING[field.type]] = field.target; else made.type = field.type;
  for (const name of PLAIN.slice(1)) { const v = value(name, field[name]); if (v !== null && (v !== false || name === 'editable')) made[name] = v; }
  return made;
}

function differing(was, field) {
  const patch = {};
  if (was.retired !== field.retired) patch.retired = field.retired;
  for (const name of PLAIN) if (value(name, was[name]) !== value(name, field[name])) patch[name] = value(name, field[name]);
  if (field.options) {
    const old = Object.fromEntries((was.options ?? []).map((o) => [o.key, o])), options = {};
    for (const o of field.options) if (!old[o.key]) options[o.key] = option(o); else if (!same(option(old[o.key]), option(o))) options[o.key] = { label: o.label, color: o.color, retired: o.retired };
    if (Object.keys(options).length) patch.options = options;
  }
  return Object.keys(patch).length ? patch : null;
}

/* two fields stand side by side unless one takes the whole row */
function rows(places) {
  const made = [];
  let half = null;
  for (const { key, wide } of places) {
    if (wide) { if (half) { made.push(half); half = null; } made.push(key); continue; }
    if (half) { made.push([half, key]); half = null; } else half = key;
  }
  if (half) made.push([half]);
  return made;
}
const placed = (state) => state.sections.map((s) => [s.title, s.fields.map((p) => [p.key, p.wide])]);

/* a section that is gone (or was renamed) is taken away by null, as the dialect has it */
const sections = (was, now) => Object.fromEntries([
  ...was.sections.filter((s) => !now.sections.some((n) => n.title === s.title)).map((s) => [s.title, null]),
  ...now.sections.map((s) => [s.title, rows(s.fields)]),
]);

/** {overlay, count}: overlay is {} when nothing differs; count is what a person would call the number of changes. */
export function overlayOf(entity, was, now) {
  const fields = {}, permissions = {}, views = {};
  let count = 0;
  const old = Object.fromEntries(was.fields.map((f) => [f.key, f]));
  for (const field of now.fields) {
    const patch = old[field.key] ? differing(old[field.key], field) : created(field);
    if (patch) { fields[field.key] = patch; count += 1; }
    for (const [role, right] of Object.entries(field.rights ?? {})) if ((old[field.key]?.rights?.[role] ?? 'write') !== right) { ((permissions[role] ??= { fields: {} }).fields)[field.key] = right; count += 1; }
  }
  const headings = (state) => state.sections.map((s) => s.title);
  if (!same(placed(was), placed(now))) { views.form = { sections: sections(was, now) }; count += 1; }
  // maps merge by key and keep their order: another order is said beside them
  if (!same(headings(was), headings(now))) views.form.order = headings(now);
  if (!same(was.columns, now.columns)) { views.list = { columns: [...now.columns] }; count += 1; }
  const patch = Object.fromEntries(Object.entries({ fields, views, permissions }).filter(([, part]) => Object.keys(part).length));
  return { overlay: count ? { entities: { [entity]: patch } } : {}, count };
}
