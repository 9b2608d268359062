// Text with simple marks. The server cleans what it gets (nh3) whatever this sends.
import { $, $$ } from './dom.js';

export function rich(box) {
  const input = $('textarea', box), edit = $('.yk-rich-e', box);
  edit.innerHTML = input.value;
  edit.hidden = false;
  input.hidden = true;
  $('.yk-rich-t', box).hidden = false;
  const keep = () => { input.value = edit.innerText.trim() || $('img', edit) ? edit.innerHTML : ''; input.dispatchEvent(new Event('input', { bubbles: true })); };
  edit.addEventListener('input', keep);
  // pasted text comes without the look of where it was
  edit.addEventListener('paste', (event) => { event.preventDefault(); document.execCommand('insertText', false, event.clipboardData.getData('text/plain')); });
  for (const button of $$('[data-rich-do]', box)) button.addEventListener('click', () => { edit.focus(); document.execCommand(button.dataset.richDo, false, button.value || undefined); keep(); });
}
