// Walks the JSON tree that the server makes of a formula or a condition. No text is ever compiled here.
//
// ["const", x] ["field", name] ["record", name] ["path", link, field] ["option", field, key] ["sum"|"count"|"min"|"max"|"avg", rows, expr, condition?]
// + - * / % neg round abs, min_of max_of coalesce, == != < <= > >=, in [x, [a, b]], and or not, if [cond, a, b], empty [x], concat
//
// Values: decimal (BigInt), text, boolean, null. Empty is contagious in arithmetic, false in orderings, and counts as nothing in sums:
// the engine's rules.
import { decimal, over, rounded, times } from './decimal.js';

const arithmetic = (run) => (args, scope) => {
  const values = args.map((node) => number(evaluate(node, scope)));
  return values.some((v) => v == null) ? null : values.reduce(run);
};
const ordering = (run) => ([left, right], scope) => {
  const [a, b] = pair(left, right, scope);
  return a == null || b == null ? false : run(a, b);
};
const collect = ([name, expr, condition], scope) => scope.rows(name)
  .filter((row) => !condition || evaluate(condition, row) === true)
  .map((row) => number(evaluate(expr, row))).filter((v) => v != null);

const NODES = {
  const: ([value]) => (typeof value === 'number' ? decimal(value) : /^-?\d+(\.\d+)?$/.test(value) ? decimal(value) : value),
  text: ([value]) => value,
  field: ([name], scope) => scope.value(name),
  record: ([name], scope) => (scope.parent ?? scope).value(name),
  path: ([link, field], scope) => scope.beyond(link, field),
  option: ([field, key], scope) => scope.option(field, key),
  '+': arithmetic((a, b) => a + b),
  '-': (args, scope) => (args.length === 1 ? NODES.neg(args, scope) : arithmetic((a, b) => a - b)(args, scope)),
  '*': arithmetic(times),
  '/': arithmetic((a, b) => (a == null ? null : over(a, b))),
  '%': arithmetic((a, b) => (b === 0n ? null : a % b)),
  neg: ([node], scope) => { const v = number(evaluate(node, scope)); return v == null ? null : -v; },
  abs: ([node], scope) => { const v = number(evaluate(node, scope)); return v == null ? null : v < 0n ? -v : v; },
  round: ([node, places = 0], scope) => { const v = number(evaluate(node, scope)); return v == null ? null : rounded(v, Number(Array.isArray(places) ? places[1] : places)); },
  min_of: (args, scope) => least(args.map((n) => number(evaluate(n, scope))).filter((v) => v != null)),
  max_of: (args, scope) => most(args.map((n) => number(evaluate(n, scope))).filter((v) => v != null)),
  coalesce: (args, scope) => { for (const node of args) { const v = evaluate(node, scope); if (v != null && v !== '') return v; } return null; },
  sum: (args, scope) => collect(args, scope).reduce((a, b) => a + b, 0n),
  count: ([name, condition], scope) => decimal(scope.rows(name).filter((row) => !condition || evaluate(condition, row) === true).length),
  min: (args, scope) => least(collect(args, scope)),
  max: (args, scope) => most(collect(args, scope)),
  avg: (args, scope) => { const all = collect(args, scope); return all.length ? over(all.reduce((a, b) => a + b), decimal(all.length)) : null; },
  '==': ([left, right], scope) => { const [a, b] = pair(left, right, scope); return a === b; },
  '!=': ([left, right], scope) => { const [a, b] = pair(left, right, scope); return a !== b; },
  '<': ordering((a, b) => a < b),
  '<=': ordering((a, b) => a <= b),
  '>': ordering((a, b) => a > b),
  '>=': ordering((a, b) => a >= b),
  in: ([node, list], scope) => {
    const value = evaluate(node, scope);
    const among = (x) => list.some((item) => same(x, Array.isArray(item) ? evaluate(item, scope) : item));
    return Array.isArray(value) ? value.some(among) : value != null && among(value);
  },
  and: (args, scope) => args.every((n) => evaluate(n, scope) === true),
  or: (args, scope) => args.some((n) => evaluate(n, scope) === true),
  not: ([node], scope) => evaluate(node, scope) !== true,
  if: ([condition, yes, no], scope) => evaluate(evaluate(condition, scope) === true ? yes : no ?? ['const', null], scope),
  empty: ([node], scope) => { const v = evaluate(node, scope); return v == null || v === '' || (Array.isArray(v) && !v.length); },
  concat: (args, scope) => args.map((n) => evaluate(n, scope) ?? '').join(''),
};

const least = (all) => (all.length ? all.reduce((a, b) => (b < a ? b : a)) : null);
const most = (all) => (all.length ? all.reduce((a, b) => (b > a ? b : a)) : null);
const number = (value) => (typeof value === 'bigint' || value == null ? value : typeof value === 'boolean' ? null : decimal(value) ?? null);
const same = (a, b) => a === b || (a != null && b != null && String(plainly(a)) === String(plainly(b)));
const plainly = (value) => (typeof value === 'bigint' ? Number(value) / 1e12 : value);
function pair(left, right, scope) {
  let [a, b] = [evaluate(left, scope), evaluate(right, scope)];
  if (a === '') a = null;
  if (b === '') b = null;
  if (typeof a === 'bigint' || typeof b === 'bigint') { a = a == null ? null : number(a); b = b == null ? null : number(b); }
  return [a, b];
}

/** The value of `node`; an unknown node is null, as the server will say it anyway. `scope`: value(name), beyond(link, field), option(field, key), rows(name), parent. */
export function evaluate(node, scope) {
  if (!Array.isArray(node)) return node == null ? null : typeof node === 'boolean' ? node : NODES.const([node]);
  const run = NODES[node[0]];
  return run ? run(node.slice(1), scope) ?? null : null;
}
