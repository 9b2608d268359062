// The calendar view. Version 7 brings its styles as files; version 6 writes them into the page and breaks under the CSP.
import { Calendar } from 'fullcalendar';
import theme from 'fullcalendar/themes/breezy';
import dayGrid from 'fullcalendar/daygrid';
import timeGrid from 'fullcalendar/timegrid';
import interaction from 'fullcalendar/interaction';
import zh from 'fullcalendar/locales/zh-cn';
import { csrf } from './dom.js';
import { toast } from './messages.js';

export function calendar(element) {
  const { calendar: events, move, create } = element.dataset;
  new Calendar(element, {
    plugins: [theme, dayGrid, timeGrid, interaction], locale: document.documentElement.lang.startsWith('zh') ? zh : 'en', firstDay: Number(element.dataset.weekStart ?? 1),
    height: innerWidth < 768 ? 'auto' : Math.max(560, innerHeight - element.getBoundingClientRect().top - 24), dayMaxEvents: 3, events, showNonCurrentDates: false, fixedWeekCount: false,
    headerToolbar: { left: 'prev,next today', center: 'title', right: innerWidth < 768 ? '' : 'dayGridMonth,timeGridWeek' },
    editable: Boolean(move), selectable: Boolean(create),
    dateClick: create ? ({ dateStr }) => { location.href = create.replace('{date}', encodeURIComponent(dateStr)); } : undefined,
    eventDrop: async ({ event, revert }) => {
      const answer = await fetch(move, { method: 'POST', headers: { 'X-CSRFToken': csrf(), 'HX-Request': 'true' }, body: new URLSearchParams({ id: event.id, to: event.startStr, version: event.extendedProps.version ?? '' }) }).catch(() => null);
      if (answer?.ok) { event.setExtendedProp('version', (await answer.json()).version); return; }
      revert();
      toast(answer && answer.headers.get('content-type')?.startsWith('text/plain') ? await answer.text() : element.dataset.failed, 'bad');
    },
  }).render();
}
