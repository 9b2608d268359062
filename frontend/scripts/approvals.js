// Approvals: stock phrases in a dialog, and how many are chosen of the box.
import { $, $$, on, onFreshContent } from './dom.js';

on('click', '[data-phrase]', (event, button) => {
  const note = $(`#${button.dataset.phrase}`);
  note.value = button.textContent;
  note.dispatchEvent(new Event('input', { bubbles: true }));
});

const chosen = () => $$('#yk-together [name=task]:checked').length;
function count() {
  const place = $('#yk-together [data-count]');
  if (!place) return;
  const n = chosen(), all = $$('#yk-together [name=task]').length;
  place.textContent = n ? ` ${n}` : '';
  for (const button of $$('#yk-together [name=verb]')) button.disabled = !n;
  const box = $('#yk-together [data-all]');
  box.checked = n > 0 && n === all;
  box.indeterminate = n > 0 && n < all;
}
on('change', '#yk-together [name=task]', count);
on('change', '#yk-together [data-all]', (event, box) => { for (const one of $$('#yk-together [name=task]')) one.checked = box.checked; count(); });
onFreshContent(count);
