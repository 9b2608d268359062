// What every page loads. All of it is progressive: pages read, link and submit without it.
import htmx from 'htmx.org';
import '@tabler/core/js/src/bootstrap/dropdown';
import '@tabler/core/js/src/bootstrap/offcanvas';
import { onFreshContent } from './scripts/dom.js';
import './scripts/messages.js';
import './scripts/requests.js';
import './scripts/dialogs.js';
import './scripts/shell.js';
import './scripts/tabs.js';
import './scripts/list.js';
import { enhance } from './scripts/lazy.js';

window.htmx = htmx;
onFreshContent(enhance);
performance.mark('yk-ready');
document.documentElement.dataset.ready = '';
