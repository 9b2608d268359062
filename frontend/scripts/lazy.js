// Widgets that not every page has: their chunk is fetched when an element asks for it.
import { $$ } from './dom.js';

const WIDGETS = {
  'form[data-form]': () => import('./form.js').then((m) => m.openForm),
  '[data-lookup]': () => import('./lookup.js').then((m) => m.lookup),
  '[data-sort]': () => import('./sorting.js').then((m) => m.sorting),
  '[data-board]': () => import('./board.js').then((m) => m.board),
  '[data-chart]': () => import('./charts.js').then((m) => m.chart),
  '[data-calendar]': () => import('./calendar.js').then((m) => m.calendar),
  '[data-rich]': () => import('./rich.js').then((m) => m.rich),
  '[data-upload]': () => import('./upload.js').then((m) => m.upload),
  '[data-designer]': () => import('./designer.js').then((m) => m.designer),
};

const started = new WeakSet();
/** Starts what is not started yet; resolves when all of it stands. */
export function enhance(root) {
  const coming = [];
  for (const [selector, load] of Object.entries(WIDGETS)) {
    // what stands in a <template> is not on the page; rows cloned from it come through here again
    const fresh = $$(selector, root).filter((element) => !started.has(element));
    if (!fresh.length) continue;
    fresh.forEach((element) => started.add(element));
    coming.push(load().then((start) => fresh.forEach((element) => start(element)), (fault) => { console.error(fault); fresh.forEach((element) => started.delete(element)); }));
  }
  return Promise.all(coming);
}
