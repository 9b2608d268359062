// Kanban: a card dragged (or sent by its menu) to another column is posted at once; a refusal puts it back and says why.
import Sortable from 'sortablejs/modular/sortable.core.esm.js';
import { $$ } from './dom.js';

export function board(list) {
  Sortable.create(list, {
    group: 'board', draggable: '.yk-kb-c', filter: 'button, .dropdown-menu', preventOnFilter: false, animation: 140, delay: 120, delayOnTouchOnly: true, ghostClass: 'is-ghost', dragClass: 'is-held',
    onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
      if (from === to && oldDraggableIndex === newDraggableIndex) return;
      send(item, from, to, oldDraggableIndex, newDraggableIndex);
    },
  });
}

// the answer brings the heads of the columns (count, sum) out of band; anything but success undoes the move
function send(card, from, to, was, index) {
  const back = () => from.insertBefore(card, $$('.yk-kb-c', from)[was] ?? null);
  const failed = ({ detail: { ctx } }) => { if (ctx.sourceElement === card) back(); };
  document.addEventListener('htmx:response:error', failed, { once: true });
  document.addEventListener('htmx:error', failed, { once: true });
  window.htmx.ajax('POST', to.dataset.board, { source: card, target: card, swap: 'none', values: { id: card.dataset.id, version: card.dataset.version, to: to.dataset.column, index } })
    .finally(() => { document.removeEventListener('htmx:response:error', failed); document.removeEventListener('htmx:error', failed); });
}
