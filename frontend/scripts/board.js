// Kanban: a card dragged (or sent by its menu) to another column is posted at once; a refusal puts it back and says why.
import Sortable from 'sortablejs/modular/sortable.core.esm.js';
import { $, $$, make, on } from './dom.js';

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
  // a move that asks something: the card goes back, and its dialog opens
  const asks = ({ detail }) => { if (detail.id === card.dataset.id) { back(); window.htmx.ajax('GET', detail.url, { target: '#yk-dialogs' }); } };
  document.addEventListener('yk-ask', asks);
  document.addEventListener('htmx:response:error', failed, { once: true });
  document.addEventListener('htmx:error', failed, { once: true });
  window.htmx.ajax('POST', to.dataset.board, { source: card, target: card, swap: 'none', values: { id: card.dataset.id, version: card.dataset.version, to: to.dataset.column, index } })
    .finally(() => { document.removeEventListener('yk-ask', asks); document.removeEventListener('htmx:response:error', failed); document.removeEventListener('htmx:error', failed); });
}

/* a card that was moved has a new version: the next move must name it */
document.addEventListener('yk-card', ({ detail }) => { const card = $(`.yk-kb-c[data-id="${CSS.escape(detail.id)}"]`); if (card) card.dataset.version = detail.version; });

/* the keyboard's way: a menu of the other columns */
on('click', '[data-board-menu]', (event, button) => {
  event.preventDefault();
  event.stopPropagation();
  $('#yk-board-menu')?.remove();
  const card = button.closest('.yk-kb-c'), from = card.parentElement;
  const menu = make('div', { id: 'yk-board-menu', class: 'dropdown-menu show', role: 'group' }, ...$$('[data-board]').filter((list) => list !== from).map((list) => {
    const item = make('button', { type: 'button', class: 'dropdown-item' }, $('h2', list.parentElement).cloneNode(true).firstElementChild);
    item.addEventListener('click', () => { const was = $$('.yk-kb-c', from).indexOf(card); list.prepend(card); menu.remove(); send(card, from, list, was, 0); button.focus(); });
    return item;
  }));
  document.body.append(menu);
  const place = button.getBoundingClientRect();
  Object.assign(menu.style, { position: 'fixed', left: `${Math.max(8, place.right - menu.offsetWidth)}px`, top: `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px` });
  $('button', menu)?.focus();
  menu.addEventListener('keydown', (e) => {
    const items = $$('button', menu), step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (e.key === 'Escape') { menu.remove(); button.focus(); }
    if (step) { e.preventDefault(); items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus(); }
  });
  setTimeout(() => document.addEventListener('click', () => menu.remove(), { once: true }));
});
