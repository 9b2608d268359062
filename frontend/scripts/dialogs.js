// Native <dialog>: focus trap, Esc and backdrop come from the browser, and no inline style is written.
import { $, $$, on, onFreshContent, say } from './dom.js';

on('click', '[data-dialog]', (event, opener) => { event.preventDefault(); $(`#${opener.dataset.dialog}`)?.showModal(); });
on('click', '[data-close]', (event, button) => { event.preventDefault(); button.closest('dialog')?.close(); });
// a press on the backdrop closes; one that began inside (marking text) does not
let pressed;
document.addEventListener('pointerdown', ({ target }) => { pressed = target; });
document.addEventListener('click', ({ target }) => { if (target === pressed && target.matches?.('dialog.yk-dlg:not([data-stay])')) target.close(); });
// fragments that arrive as dialogs open themselves and vanish when closed
onFreshContent((root) => $$('dialog[data-open]:not([open])', root).forEach((dialog) => {
  dialog.showModal();
  dialog.addEventListener('close', () => { if (dialog.closest('#yk-dialogs')) dialog.remove(); }, { once: true });
}));
document.addEventListener('yk-close-dialog', () => $$('#yk-dialogs dialog[open]').forEach((dialog) => dialog.close()));

/** Asks with our own dialog; resolves to true or false. `data-yes` on the asking element names the button. */
export function confirmed(sentence, source) {
  const dialog = $('#yk-confirm');
  const [title, ...rest] = sentence.split('\n');
  $('h2', dialog).textContent = title;
  $('p', dialog).textContent = rest.join('\n');
  const yes = $('[value=yes]', dialog);
  yes.textContent = source?.dataset.yes || say('confirm');
  yes.classList.toggle('btn-danger', Boolean(source?.matches('.is-danger, .btn-danger')));
  return new Promise((resolve) => {
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    dialog.showModal();
  });
}
document.addEventListener('htmx:confirm', (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  confirmed(ctx.confirm, ctx.sourceElement).then((yes) => (yes ? issueRequest() : dropRequest()));
});
// the same for plain forms: <form data-confirm="title\nconsequence">
document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.sure) return;
  event.preventDefault();
  const button = event.submitter;
  if (!await confirmed(form.dataset.confirm, button ?? form)) return;
  form.dataset.sure = '1';
  form.requestSubmit(button);
});

on('click', '[data-reveal]', (event, button) => {
  const input = $(`#${button.dataset.reveal}`);
  input.type = input.type === 'password' ? 'text' : 'password';
  button.setAttribute('aria-pressed', input.type === 'text');
});
