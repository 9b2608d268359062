// What every page loads. All of it is progressive: pages read, link and submit without it.
import htmx from 'htmx.org';
import '@tabler/core/js/src/bootstrap/dropdown';
import '@tabler/core/js/src/bootstrap/offcanvas';
import './scripts/messages.js';
import './scripts/requests.js';
import './scripts/dialogs.js';
import './scripts/shell.js';
import './scripts/bell.js';
import './scripts/tabs.js';
import './scripts/list.js';
import './scripts/approvals.js';
import { enhance } from './scripts/lazy.js';

window.htmx = htmx;
document.addEventListener('htmx:after:swap', () => enhance(document.body));
// every handler is attached: what "ready" means to tests and benchmarks
enhance(document.body).then(() => { performance.mark('yk-ready'); document.documentElement.dataset.ready = ''; });
