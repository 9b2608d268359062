// Toasts: what the server or a script wants to tell, read out by screen readers, gone by itself unless it is bad news.
import { $, icon, make, on, say } from './dom.js';

const ICONS = { good: 'circle-check', bad: 'alert-circle', warn: 'alert-triangle', news: 'bell' };

/** kind: good | warn | bad. `undo` is a URL that is posted to when pressed. */
export function toast(text, kind = 'good', undo = null) {
  const place = $('#yk-toasts');
  if (!place) return;
  const body = make('span', {}, text);
  const box = make('div', { class: `yk-toast is-${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, icon(ICONS[kind] ?? ICONS.good), body);
  if (undo) box.append(make('button', { type: 'button', 'hx-post': undo, 'hx-swap': 'none' }, say('undo')));
  box.append(make('button', { type: 'button', class: 'yk-toast-x', 'aria-label': say('close') }, icon('x', 'yk-icon-s')));
  place.append(box);
  window.htmx?.process(box);
  if (kind !== 'bad') setTimeout(() => box.remove(), undo ? 9000 : 4500);
}

on('click', '.yk-toast-x', (event, button) => button.closest('.yk-toast').remove());
// HX-Trigger: {"yk-toast": {"text": "...", "kind": "good", "undo": "/..."}}
document.addEventListener('yk-toast', ({ detail }) => toast(detail.text ?? detail.value, detail.kind, detail.undo));
for (const box of document.querySelectorAll('#yk-toasts .yk-toast:not(.is-bad)')) setTimeout(() => box.remove(), box.querySelector('form') ? 12000 : 5000);
