// A file is sent as soon as it is chosen; the form carries only its id, so a form with faults keeps its files.
// Whoever saves while a file is on its way waits for it: a form never leaves without what one sees in it.
import { $, csrf, icon, make, say } from './dom.js';
import { toast } from './messages.js';

export function upload(box) {
  const input = $('input[type=file]', box), list = $('.yk-file-list', box), drop = input.closest('label');
  const take = (files) => [...files].forEach((file) => send(file, box, list));
  input.addEventListener('change', () => { take(input.files); input.value = ''; });
  for (const type of ['dragover', 'dragleave', 'drop']) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.toggle('is-over', type === 'dragover'); if (type === 'drop') take(event.dataTransfer.files); });
  box.addEventListener('click', (event) => { const x = event.target.closest('[data-file-x]'); if (x) { x.closest('.yk-file').remove(); box.dispatchEvent(new Event('input', { bubbles: true })); } });
}

function send(file, box, list) {
  const limit = Number(box.dataset.limit || 0);
  if (limit && file.size > limit) { toast(say('file_large', { name: file.name, limit: Math.round(limit / 1048576) }), 'bad'); return; }
  if (!box.hasAttribute('data-many')) list.replaceChildren();
  const progress = make('progress', { class: 'yk-bar', max: 100, value: 0, 'aria-label': file.name });
  const entry = make('div', { class: 'yk-file' }, icon('file'), make('span', {}, file.name), progress);
  list.append(entry);
  // fetch tells nothing about how far an upload is: the one place for XMLHttpRequest
  const request = new XMLHttpRequest(), data = new FormData();
  data.append('file', file);
  request.open('POST', box.dataset.upload);
  request.setRequestHeader('X-CSRFToken', csrf());
  request.responseType = 'json';
  request.upload.addEventListener('progress', (e) => { progress.value = e.loaded / e.total * 100; });
  request.addEventListener('loadend', () => {
    if (request.status >= 300 || !request.response?.id) { entry.remove(); waiting.delete(box.closest('form')); toast(request.response?.detail ?? say('file_failed', { name: file.name }), 'bad'); return; }
    progress.replaceWith(make('input', { type: 'hidden', name: box.dataset.name, value: request.response.id }), make('button', { type: 'button', class: 'yk-x', 'data-file-x': true, 'aria-label': say('remove', { name: file.name }) }, icon('x')));
    box.dispatchEvent(new Event('input', { bubbles: true }));
    goOn(box.closest('form'));
  });
  request.send(data);
}

const waiting = new Map();  // form -> the button it was sent by, if any
addEventListener('submit', (event) => {
  if (!$('.yk-file progress', event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.set(event.target, event.submitter);
}, true);
function goOn(form) {
  if (!waiting.has(form) || $('.yk-file progress', form)) return;
  const button = waiting.get(form);
  waiting.delete(form);
  form.requestSubmit(button);
}
