// Requests made by htmx: the token, the loading line, what is said when one fails. A 422 is an answer and is swapped in.
import { $, $$, csrf, make, icon, say } from './dom.js';
import { toast } from './messages.js';

let running = 0;
const line = $('.yk-loading');
const busy = (change) => { running = Math.max(0, running + change); line?.classList.toggle('is-on', running > 0); };

document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
  ctx.request.headers['X-CSRFToken'] = csrf();
  // an empty filter says nothing: keep addresses short
  if (ctx.sourceElement.matches('[data-short-url]') && ctx.request.body instanceof FormData) {
    for (const [name, value] of [...ctx.request.body]) if (value === '') ctx.request.body.delete(name);
  }
});
document.addEventListener('htmx:before:request', () => busy(1));
document.addEventListener('htmx:finally:request', () => busy(-1));

document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
  const { status, headers } = ctx.response;
  if (status === 422) return;
  if (status === 401) { $('#yk-expired')?.showModal(); return; }
  toast(sentence(ctx.text, headers.get('content-type') ?? '') ?? say(FAULTS[status] ?? (status >= 500 ? 'fault_server' : 'fault')), 'bad');
});
const FAULTS = { 403: 'fault_denied', 404: 'fault_gone', 409: 'fault_conflict', 413: 'fault_large', 429: 'fault_often' };

// screens answers a failed htmx request with one plain sentence, the API with problem details; pages are for people who navigate
function sentence(text, type) {
  if (type.startsWith('text/plain') && text && text.length < 400) return text;
  if (type.includes('json')) { try { const said = JSON.parse(text); return said.detail ?? said.title ?? null; } catch { return null; } }
  return null;
}

document.addEventListener('htmx:error', ({ detail: { error } }) => {
  if (navigator.onLine === false) return showOffline();
  if (error?.name === 'TimeoutError' || /timeout/.test(String(error))) toast(say('fault_slow'), 'bad');
  else if (error instanceof TypeError) toast(say('fault_network'), 'bad');
});

const showOffline = () => {
  if ($('.yk-offline')) return;
  $('.yk-shell')?.prepend(make('div', { class: 'yk-offline', role: 'status' }, icon('wifi-off'), say('offline')));
};
addEventListener('offline', showOffline);
addEventListener('online', () => $$('.yk-offline').forEach((bar) => bar.remove()));
if (navigator.onLine === false) showOffline();
