// Exact decimals for what the form shows while one types; the server computes again when it saves.
// A number is a BigInt of 10^-12, the engine's own precision for quotients; null is "empty".
const SCALE = 12;
const ONE = 10n ** 12n;

/** '1,234.50' | 12.5 | '' -> decimal or null; undefined when it is not a number. */
export function decimal(source) {
  if (source == null) return null;
  const text = String(source).normalize('NFKC').replace(/[,\s¥$€£']/g, '');
  if (text === '') return null;
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!parts || (!parts[2] && !parts[3])) return undefined;
  const fraction = (parts[3] ?? '').padEnd(SCALE, '0');
  let value = BigInt(parts[2] || 0) * ONE + BigInt(fraction.slice(0, SCALE) || 0);
  if (fraction[SCALE] >= '5') value += 1n;
  return parts[1] === '-' ? -value : value;
}

/** n / d rounded half away from zero. */
const divide = (n, d) => {
  const negative = n < 0n !== d < 0n, a = n < 0n ? -n : n, b = d < 0n ? -d : d;
  const half = (a * 2n + b) / (b * 2n);
  return negative ? -half : half;
};
export const times = (a, b) => divide(a * b, ONE);
export const over = (a, b) => (b === 0n ? null : divide(a * ONE, b));
export const rounded = (value, places) => { const step = 10n ** BigInt(SCALE - places); return divide(value, step) * step; };
export const whole = (n) => BigInt(n) * ONE;

/** decimal -> '1234.50' with exactly `places` digits, or as many as it has when `places` is null. */
export function plain(value, places = null) {
  if (value == null) return '';
  const exact = places == null ? value : rounded(value, places);
  const digits = (exact < 0n ? -exact : exact).toString().padStart(SCALE + 1, '0');
  let fraction = digits.slice(-SCALE);
  fraction = places == null ? fraction.replace(/0+$/, '') : fraction.slice(0, places);
  return (exact < 0n ? '-' : '') + digits.slice(0, -SCALE) + (fraction ? `.${fraction}` : '');
}

/** plain() with a comma after every third digit: Chinese and English write numbers alike. */
export function pretty(value, places = null) {
  const [digits, fraction] = plain(value, places).split('.');
  return digits.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction ? `.${fraction}` : '');
}
