// Walks the JSON tree that yuanke.expressions.browser makes of a formula or a condition; its docstring lists the nodes.
// No text is ever compiled here, and the server computes again when it saves: these figures are for the eye.
//
// Beyond that list: ["path", link, field], what the look-up of a link brought along (see lookup.js, `extra`).
//
// Values: decimal (BigInt), text, boolean, list of texts, null. Empty is contagious in arithmetic, false in orderings, and counts
// as nothing in sums: the engine's rules.
import { decimal, over, rounded, times } from './decimal.js';

const ONE = 10n ** 12n;
const least = (all) => (all.length ? all.reduce((a, b) => (b < a ? b : a)) : null);
const most = (all) => (all.length ? all.reduce((a, b) => (b > a ? b : a)) : null);
const number = (value) => (typeof value === 'bigint' || value == null ? value : typeof value === 'boolean' ? null : decimal(value) ?? null);
const given = (value) => (value === '' || value === undefined ? null : value);

const arithmetic = (run) => (args, scope) => {
  const values = args.map((node) => number(evaluate(node, scope)));
  return values.some((v) => v == null) ? null : values.reduce((a, b) => (a == null ? null : run(a, b)));
};
const onNumber = (run) => ([node, ...rest], scope) => { const v = number(evaluate(node, scope)); return v == null ? null : run(v, ...rest); };
const ordering = (run) => ([left, right], scope) => { const [a, b] = alike(left, right, scope); return a == null || b == null ? false : run(a, b); };
const among = (args, scope) => args.map((node) => evaluate(node, scope)).filter((v) => given(v) != null);
const numbers = (args, scope) => among(args, scope).map(number).filter((v) => v != null);

const live = ([name, , condition], scope) => scope.rows(name).filter((row) => !condition || evaluate(condition, row) === true);
const ofRows = (run) => (args, scope) => run(live(args, scope).map((row) => (args[1] ? number(evaluate(args[1], row)) : ONE)).filter((v) => v != null));
const total = (all) => all.reduce((a, b) => a + b, 0n);

const NODES = {
  const: ([value]) => decimal(value),
  text: ([value]) => value,
  bool: ([value]) => value,
  null: () => null,
  field: ([name], scope) => scope.value(name),
  outer: ([name], scope) => (scope.parent ?? scope).value(name),
  path: ([link, field], scope) => scope.beyond(link, field),
  option: ([node, values], scope) => { const found = values[evaluate(node, scope)]; return typeof found === 'string' && decimal(found) !== undefined ? decimal(found) : found ?? null; },
  '+': arithmetic((a, b) => a + b),
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic(times),
  '/': arithmetic(over),
  '%': arithmetic((a, b) => (b === 0n ? null : a % b)),
  neg: onNumber((v) => -v),
  abs: onNumber((v) => (v < 0n ? -v : v)),
  round: onNumber((v, places) => rounded(v, places)),
  floor: onNumber((v) => v - (((v % ONE) + ONE) % ONE)),
  ceil: onNumber((v) => { const part = ((v % ONE) + ONE) % ONE; return part ? v - part + ONE : v; }),
  min: (args, scope) => least(numbers(args, scope)),
  max: (args, scope) => most(numbers(args, scope)),
  coalesce: (args, scope) => among(args, scope)[0] ?? null,
  concat: (args, scope) => args.map((node) => words(evaluate(node, scope))).join(''),
  sum: ofRows(total),
  avg: ofRows((all) => (all.length ? over(total(all), BigInt(all.length) * ONE) : null)),
  count: (args, scope) => BigInt(args[1] ? live(args, scope).filter((row) => given(evaluate(args[1], row)) != null).length : live(args, scope).length) * ONE,
  exists: (args, scope) => live(args, scope).length > 0,
  least: ofRows(least),
  greatest: ofRows(most),
  '==': ([left, right], scope) => { const [a, b] = alike(left, right, scope); return a === b; },
  '!=': ([left, right], scope) => { const [a, b] = alike(left, right, scope); return a !== b; },
  '<': ordering((a, b) => a < b),
  '<=': ordering((a, b) => a <= b),
  '>': ordering((a, b) => a > b),
  '>=': ordering((a, b) => a >= b),
  in: ([node, list], scope) => list.some((item) => {
    const value = evaluate(node, scope), one = evaluate(item, scope);
    if (Array.isArray(value)) return value.includes(one);
    if (typeof value === 'bigint' || typeof one === 'bigint') return number(value) != null && number(value) === number(one);
    return given(value) != null && value === one;
  }),
  and: (args, scope) => args.every((node) => evaluate(node, scope) === true),
  or: (args, scope) => args.some((node) => evaluate(node, scope) === true),
  not: ([node], scope) => evaluate(node, scope) !== true,
  if: ([test, yes, no], scope) => evaluate(evaluate(test, scope) === true ? yes : no, scope),
};

const words = (value) => (typeof value === 'bigint' ? String(Number(value) / 1e12) : value == null ? '' : String(value));
function alike(left, right, scope) {
  const [a, b] = [given(evaluate(left, scope)), given(evaluate(right, scope))];
  return typeof a === 'bigint' || typeof b === 'bigint' ? [number(a), number(b)] : [a, b];
}

/** The value of `node`; an unknown node is null. `scope`: value(name), beyond(link, field), rows(name), parent. */
export function evaluate(node, scope) {
  const run = Array.isArray(node) ? NODES[node[0]] : null;
  return run ? given(run(node.slice(1), scope)) : null;
}
