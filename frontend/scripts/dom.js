// Short names for what all scripts do.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Calls `run(event, element)` for events that happen inside an element matching `selector`, now or later on the page. */
export const on = (type, selector, run, options) => document.addEventListener(type, (event) => {
  const element = event.target.closest?.(selector);
  if (element) run(event, element);
}, options);

/** Calls `run(root)` now and whenever htmx has put something new on the page. */
export const onFreshContent = (run) => {
  document.addEventListener('htmx:after:swap', () => run(document.body));
  run(document.body);
};

/** Runs `work` once things have been quiet for `wait` ms. */
export const calm = (work, wait) => {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => work(...given), wait); };
};

/** <tag class="..." ...attributes>children</tag>, text always as text. */
export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children.filter((child) => child != null));
  return element;
};

export const readJson = (id) => JSON.parse(document.getElementById(id)?.textContent || 'null');

const words = readJson('yk-words') ?? {};
/** The sentence `key` in the reader's language, `{name}` places filled. */
export const say = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

const page = readJson('yk-page') ?? {};
export const csrf = () => page.csrf ?? '';
export const iconUrl = page.icons;
export const icon = (name, more = '') => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `yk-icon ${more}`);
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${iconUrl}#${name}`);
  svg.append(use);
  return svg;
};

/** Something kept in this browser only, under the user's name (never on the server). */
export const remember = (key, value) => { try { localStorage.setItem(`yk:${page.user ?? ''}:${key}`, JSON.stringify(value)); } catch { /* full or forbidden: a convenience is lost, nothing else */ } };
export const recall = (key) => { try { return JSON.parse(localStorage.getItem(`yk:${page.user ?? ''}:${key}`)); } catch { return null; } };
