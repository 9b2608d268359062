// Makes platform/yuanke/static/dist: hashed names, .br and .gz beside each file, manifest.json.
// Called by hatch_build.py: node build.mjs OUT icon,icon,... more,more,...
// The first names (templates, modules) make the sprite of every page; the second ones (offered to admins) one that is fetched when used.
import * as esbuild from 'esbuild';
import * as sass from 'sass';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const [outArgument, ...iconArguments] = process.argv.slice(2);
if (!outArgument) { console.error('usage: node frontend/build.mjs OUT icon,... more,...  (called by hatch_build.py)'); process.exit(2); }
const final = resolve(outArgument);
const out = `${final}.new`;
// Tabler's floor: it writes color-mix() and :has() throughout
const target = ['chrome111', 'edge111', 'firefox121', 'safari16.4'];
const manifest = {};

const hashed = (name, extension, content) => {
  const file = `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 10)}.${extension}`;
  writeFileSync(join(out, file), content);
  return file;
};

async function styles() {
  const { css } = sass.compile(join(root, 'frontend/app.scss'), { loadPaths: [join(root, 'node_modules')], quietDeps: true, silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'] });
  const { code } = await esbuild.transform(css, { loader: 'css', minify: true, target });
  manifest['app.css'] = hashed('app', 'css', code);
}

// esbuild does not load the CSS of a lazily imported chunk: such CSS is an entry of its own, linked by the page that needs it
async function scripts() {
  const { metafile } = await esbuild.build({
    entryPoints: { app: join(root, 'frontend/app.js'), calendar: join(root, 'frontend/calendar.css') },
    bundle: true, splitting: true, format: 'esm', minify: true, target, metafile: true, outdir: out,
    entryNames: '[name]-[hash]', chunkNames: 'c-[name]-[hash]', assetNames: 'a-[name]-[hash]',
    legalComments: 'linked', logLevel: 'warning', define: { 'process.env.NODE_ENV': '"production"' },
  });
  for (const [file, made] of Object.entries(metafile.outputs)) {
    if (made.entryPoint?.endsWith('frontend/app.js')) {
      manifest['app.js'] = basename(file);
      manifest.preload = made.imports.filter((i) => i.kind === 'import-statement').map((i) => basename(i.path));
    }
    if (made.entryPoint?.endsWith('frontend/calendar.css')) manifest['calendar.css'] = basename(file);
  }
}

function icons(kind, names) {
  const unknown = [];
  let sprite = '<svg xmlns="http://www.w3.org/2000/svg">';
  for (const name of names) {
    const file = join(root, 'node_modules/@tabler/icons/icons/outline', `${name}.svg`);
    if (!existsSync(file)) { unknown.push(name); continue; }
    const body = readFileSync(file, 'utf8').replace(/[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '')
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '').replace(/\s+/g, ' ').trim();
    sprite += `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
  }
  if (unknown.length) {
    console.error(`没有这个图标 / no such icon: ${unknown.join(', ')}\n  written as icon("name") in a template, icon: name in a module, or in frontend/icons.txt; names are those of Tabler Icons (outline)`);
    process.exit(3);
  }
  manifest[`${kind}.svg`] = hashed(kind, 'svg', `${sprite}</svg>`);
  manifest[kind] = names;
}

function compress() {
  const total = { raw: 0, brotli: 0 };
  for (const file of readdirSync(out).filter((f) => /\.(js|css|svg)$/.test(f))) {
    const content = readFileSync(join(out, file));
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    writeFileSync(join(out, `${file}.br`), brotli);
    writeFileSync(join(out, `${file}.gz`), gzipSync(content, { level: 9 }));
    total.raw += content.length;
    total.brotli += brotli.length;
    if (process.env.YUANKE_ASSETS_SIZES) console.log(file.padEnd(40), String(content.length).padStart(8), String(brotli.length).padStart(8));
  }
  return total;
}

// A server that runs while assets are built anew still names the files of the build before: they stay until the next one.
function keepPrevious() {
  manifest.previous = [];
  if (!existsSync(join(final, 'manifest.json'))) return;
  const older = new Set(JSON.parse(readFileSync(join(final, 'manifest.json'), 'utf8')).previous ?? []);
  for (const file of readdirSync(final)) {
    if (older.has(file) || file.startsWith('.') || file === 'manifest.json' || existsSync(join(out, file))) continue;
    copyFileSync(join(final, file), join(out, file));
    manifest.previous.push(file);
  }
}

const started = Date.now();
const [icon, more] = [0, 1].map((i) => (iconArguments[i] ?? '').split(',').filter(Boolean));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
icons('icons', icon);
icons('more', more);
manifest['mark.svg'] = hashed('mark', 'svg', readFileSync(join(root, 'frontend/mark.svg')));
await styles();
await scripts();
const total = compress();
keepPrevious();
writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, null, 1));
// a build that fails half-way leaves the old files where they were
rmSync(final, { recursive: true, force: true });
renameSync(out, final);
console.log(`assets: ${icon.length} + ${more.length} icons, ${(total.raw / 1024) | 0} KiB, ${(total.brotli / 1024) | 0} KiB brotli, ${Date.now() - started} ms`);
