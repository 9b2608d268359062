// Takes everything out of package-lock.json that names a host: the lock pins by version and integrity,
// and `npm ci` follows whatever registry the machine is configured for.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
}
const text = JSON.stringify(lock, null, 2) + '\n';
if (/https?:/.test(text)) throw new Error('package-lock.json still names a host');
writeFileSync(file, text);
