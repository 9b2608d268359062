// Names after an @ while one writes: the server offers people who may read the record, the text keeps the name.
import { calm, make, say } from './dom.js';

const TYPED = /(?:^|[^\w.@+-])[@＠]([^\s@＠]{0,24})$/;

export function mention(area) {
  const list = make('ul', { class: 'yk-at-l', role: 'listbox', 'aria-label': say('mention_list'), id: `yk-at-${Math.random().toString(36).slice(2, 8)}`, hidden: true });
  area.after(list);
  area.parentElement.classList.add('yk-at');
  area.setAttribute('aria-autocomplete', 'list');
  area.setAttribute('aria-controls', list.id);
  let found = [], at = 0;

  const close = () => { list.hidden = true; found = []; area.removeAttribute('aria-activedescendant'); };
  const typed = () => TYPED.exec(area.value.slice(0, area.selectionStart))?.[1];
  const mark = (to) => {
    at = (to + found.length) % found.length;
    [...list.children].forEach((item, index) => item.setAttribute('aria-selected', String(index === at)));
    area.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({ block: 'nearest' });
  };
  const show = (people) => {
    found = people;
    list.replaceChildren(...people.map((person, index) => make('li', { role: 'option', id: `${list.id}-${index}` }, person.title, person.sub ? make('small', {}, person.sub) : null)));
    list.hidden = !people.length;
    if (people.length) mark(0); else close();
  };
  const take = (index) => {
    const end = area.selectionStart, text = typed();
    if (text === undefined || !found[index]) return close();
    area.setRangeText(`@${found[index].insert} `, end - text.length - 1, end, 'end');
    close();
    area.focus();
    area.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const ask = calm(async () => {
    const text = typed();
    if (text === undefined) return;
    const answer = await fetch(`${area.dataset.mention}?q=${encodeURIComponent(text)}`, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (answer?.ok && typed() === text) show((await answer.json()).result);
  }, 150);

  area.addEventListener('input', () => { if (typed() === undefined) close(); else ask(); });
  area.addEventListener('keydown', (event) => {
    if (list.hidden) return;
    const act = { ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Enter: () => take(at), Tab: () => take(at), Escape: close }[event.key];
    if (act && !event.isComposing) { event.preventDefault(); event.stopPropagation(); act(); }
  });
  area.addEventListener('blur', () => setTimeout(close, 150));
  list.addEventListener('pointerdown', (event) => { event.preventDefault(); take([...list.children].indexOf(event.target.closest('li'))); });
}
