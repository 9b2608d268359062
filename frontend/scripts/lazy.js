// Widgets that not every page has: their chunk is fetched when an element asks for it.
import { $$ } from './dom.js';

const WIDGETS = {
  'form[data-form]': () => import('./form.js').then((m) => m.openForm),
  'form[data-alike]:not([data-form])': () => import('./alike.js').then((m) => m.watch),
  '[data-lookup]': () => import('./lookup.js').then((m) => m.lookup),
  '[data-sort]': () => import('./sorting.js').then((m) => m.sorting),
  '[data-board]': () => import('./board.js').then((m) => m.board),
  '[data-chart]': () => import('./charts.js').then((m) => m.chart),
  '[data-calendar]': () => import('./calendar.js').then((m) => m.calendar),
  '[data-rich]': () => import('./rich.js').then((m) => m.rich),
  '[data-upload]': () => import('./upload.js').then((m) => m.upload),
  '[data-here]': () => import('./here.js').then((m) => m.here),
  '[data-mention]': () => import('./mention.js').then((m) => m.mention),
  '[data-designer]': () => import('./designer.js').then((m) => m.designer),
};

const started = new WeakSet();

/* what stands in a closed menu or far below waits until it comes near: a list page needs neither look-ups nor sorting at first */
const PATIENT = new Set(['[data-lookup]', '[data-sort]', '[data-chart]']);
const waiting = new Map();
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) { near.unobserve(target); begin(waiting.get(target), [target]); waiting.delete(target); }
}, { rootMargin: '300px' });
const begin = (load, elements) => load().then((start) => Promise.all(elements.map((element) => start(element))), (fault) => { console.error(fault); elements.forEach((element) => started.delete(element)); });

/** Starts what is not started yet; resolves when all of it stands that is to be seen. */
export function enhance(root) {
  const coming = [];
  for (const [selector, load] of Object.entries(WIDGETS)) {
    // what stands in a <template> is not on the page; rows cloned from it come through here again
    const fresh = $$(selector, root).filter((element) => !started.has(element));
    fresh.forEach((element) => started.add(element));
    const now = PATIENT.has(selector) ? fresh.filter(inSight) : fresh;
    for (const element of fresh) if (!now.includes(element)) { waiting.set(element, load); near.observe(element); }
    if (now.length) coming.push(begin(load, now));
  }
  return Promise.all(coming);
}

function inSight(element) {
  const { width, height, top } = element.getBoundingClientRect();
  return (width > 0 || height > 0) && top < innerHeight + 300;
}
