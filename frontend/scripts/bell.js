// The bell: how many messages wait. Asked again while somebody looks at a page; tabs of one browser share the answer.
import { $, $$, csrf, make, on, recall, remember, say } from './dom.js';
import { toast } from './messages.js';

const bell = $('[data-bell]');
const EVERY = 20_000, LONGEST = 300_000;
let timer, pause = EVERY;

function show({ unread = 0, said = '', approvals = '' } = {}) {
  bell.setAttribute('aria-label', unread ? say('unread', { n: said }) : say('messages'));
  $('b', bell)?.remove();
  if (unread) bell.append(make('b', { 'aria-hidden': 'true' }, said));
  for (const link of $$(`.yk-nav-a[href="${bell.getAttribute('href')}"]`)) {
    $('.yk-badge', link)?.remove();
    if (unread) link.append(make('b', { class: 'yk-badge' }, said));
  }
  // papers that wait for this person: in the side bar, and on the phone's bar
  for (const link of $$('.yk-nav-a[href="/approvals"], .yk-tabbar a[href="/approvals"]')) {
    $('b', link)?.remove();
    if (approvals) link.append(make('b', { class: link.closest('.yk-nav') ? 'yk-badge' : null }, approvals));
  }
}

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return; // asked when somebody looks again
  const kept = recall('unread');
  try {
    const answer = await fetch(bell.dataset.bell, { cache: 'no-store', headers: { Accept: 'application/json', ...(kept?.etag ? { 'If-None-Match': kept.etag } : {}) } });
    if (answer.status === 401) return;
    if (answer.status === 200) hear({ ...(await answer.json()), etag: answer.headers.get('ETag') }, kept);
    pause = answer.ok || answer.status === 304 ? EVERY : Math.min(pause * 2, LONGEST);
  } catch { pause = Math.min(pause * 2, LONGEST); } // offline, or the server is away: others say so
  timer = setTimeout(ask, pause);
}

function hear(now, before) {
  remember('unread', now);
  show(now);
  if (now.newest && before && now.newest.id > (before.seen ?? before.newest?.id ?? 0)) {
    document.dispatchEvent(new CustomEvent('yk-news'));
    toast(now.newest.text, 'news');
  }
  remember('unread', { ...now, seen: Math.max(now.newest?.id ?? 0, before?.seen ?? before?.newest?.id ?? 0) });
}

if (bell?.dataset.bell) {
  show(recall('unread') ?? {});
  ask();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
  document.addEventListener('yk-read', ask);
  addEventListener('storage', ({ key }) => { if (key?.endsWith(':unread')) show(recall('unread') ?? {}); });
}

// following a message reads it, in whatever tab it opens; the page it leads to does not wait for that
const read = (event, link) => {
  if (event.type === 'auxclick' && event.button !== 1) return;
  fetch(link.dataset.read, { method: 'POST', keepalive: true, headers: { 'X-CSRFToken': csrf(), 'X-Script': '1' } }).then(() => { if (event.ctrlKey || event.metaKey || event.button === 1) document.dispatchEvent(new CustomEvent('yk-read')); }, () => {});
  link.closest('.yk-inbox-i, li')?.classList.remove('is-new');
};
on('click', 'a[data-read]', read);
on('auxclick', 'a[data-read]', read);
