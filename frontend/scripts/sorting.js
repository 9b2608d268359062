// Lists whose order a person sets by dragging; the keyboard's way is a pair of buttons (data-move in list.js).
import Sortable from 'sortablejs/modular/sortable.core.esm.js';

export function sorting(list) {
  Sortable.create(list, {
    handle: list.dataset.handle ?? '.yk-grip', draggable: list.dataset.sort || 'li', animation: 140, delay: 120, delayOnTouchOnly: true, ghostClass: 'is-ghost',
    onEnd: ({ item, oldIndex, newIndex }) => { if (oldIndex !== newIndex) item.dispatchEvent(new CustomEvent('yk-moved', { bubbles: true })); },
  });
}
