"use strict";

/* A formula's tree at some parameters as a function that can be asked: value and derivatives
   anywhere, where it bends, what values it takes, what it approaches. */
const Curve = (() => {
  /* x ↦ jet for a tree, or x ↦ boolean for a condition; what does not vary is computed once. */
  function built(tree, params) {
    const symbols = { pi: Twofold.PI, e: Twofold.E };
    for (const [name, value] of Object.entries(params)) symbols[name] = Twofold.of(value);

    function build(node) {
      const made = anew(node);
      if (Fractions.names(node).has("x")) return made;
      const kept = made();
      return () => kept;
    }

    function anew(node) {
      if (node === "x") return (x) => x;
      if (!Array.isArray(node)) {
        const value = node.number === undefined
          ? symbols[node] : Twofold.fraction(...Fractions.read(node.number));
        return () => Jets.constant(value);
      }
      const [name, first, second, third] = [node[0], ...node.slice(1).map(build)];
      if (name === "if") return (x) => (first(x) ? second(x) : third(x));
      if (name === "and") return (x) => first(x) && second(x);
      if (name === "or") return (x) => first(x) || second(x);
      const apply = Jets.COMPARISONS[name] ?? Jets.FUNCTIONS[name];
      return second === undefined ? (x) => apply(first(x)) : (x) => apply(first(x), second(x));
    }

    return build(tree);
  }

  /* x ↦ [f, f′, f″] as doubles. */
  function compiled(tree, params) {
    const jet = built(tree, params);
    return (x) => Jets.numbers(jet(Jets.variable(x)));
  }

  /* A number that a tree without x stands for. */
  const constant = (tree, params) => compiled(tree, params)(0)[0];

  /* What decides between two branches by its sign, as Python's `tree.margins`. */
  function margins(node) {
    if (!Array.isArray(node)) return [];
    const [name, first, second] = node;
    const found = node.slice(1).flatMap(margins);
    if (["<", "<=", ">", ">=", "max", "min"].includes(name)) found.push(["-", first, second]);
    if (name === "abs" || name === "sign") found.push(first);
    return found;
  }

  /* Where branches are looked for. */
  const SEARCHED = [0];
  for (let k = -40; k <= 60; k += 1) SEARCHED.push(2 ** (k / 2), -(2 ** (k / 2)));
  for (let k = 1; k <= 512; k += 1) SEARCHED.push(k / 8, -k / 8);
  SEARCHED.sort((a, b) => a - b);

  /* The points, ascending, where the value or a derivative up to the second jumps. */
  function joints(tree, params) {
    const at = compiled(tree, params);
    const found = new Set();
    for (const margin of margins(tree)) {
      if (!Fractions.names(margin).has("x")) continue;
      const side = compiled(margin, params);
      for (const root of signChanges((x) => Math.sign(side(x)[0]))) found.add(root + 0);
    }
    return [...found].filter((x) => jumps(at, x)).sort((a, b) => a - b);
  }

  function signChanges(sign) {
    const found = [], signs = SEARCHED.map(sign);
    for (let n = 1; n < SEARCHED.length; n += 1) {
      if (signs[n] === 0 && signs[n - 1] !== 0) found.push(SEARCHED[n]);
      if (signs[n - 1] === 0 && signs[n] !== 0) found.push(SEARCHED[n - 1]);
      if (signs[n] * signs[n - 1] < 0) {
        found.push(bisected(sign, SEARCHED[n - 1], SEARCHED[n], signs[n]));
      }
    }
    return found;
  }

  function bisected(sign, low, high, above) {
    for (let step = 0; step < 200; step += 1) {
      const middle = low + (high - low) / 2;
      if (middle === low || middle === high) break;
      const side = sign(middle);
      if (side === 0) return middle;
      if (side === above) high = middle;
      else low = middle;
    }
    return high;
  }

  /* What jumps does so however close one looks; what is only steep, less and less. */
  function jumps(at, x) {
    const [far, near] = [2 ** -20, 2 ** -30].map((share) => {
      const beside = share * Math.max(Math.abs(x), 2 ** -10);
      const left = at(x - beside), right = at(x + beside);
      return right.map((value, order) => ({
        by: Math.abs(value - left[order]), of: Math.max(Math.abs(value), Math.abs(left[order])),
      }));
    });
    return near.some(({ by, of }, order) => by > 1e-12 * of && by > far[order].by / 2);
  }

  const OUTSIDE = 2 ** 26, FARTHER = 2 ** 40;

  /* The least and the largest value as [low, high], from samples {x, f} ascending in x; infinite
     where the function grows on and on, NaN where it is not defined everywhere. */
  function range(at, { x, f }) {
    if (f.some(Number.isNaN)) return [NaN, NaN];
    return [-1, 1].map((side) => {
      let best = 0, inner = -Infinity;
      for (let n = 0; n < x.length; n += 1) {
        if (side * f[n] > side * f[best]) best = n;
        if (Math.abs(x[n]) < 2 ** 8) inner = Math.max(inner, side * f[n]);
      }
      const end = Math.sign(x[best]);
      const limit = at(end * FARTHER)[0], before = at(end * OUTSIDE)[0];
      const size = Math.max(Math.abs(limit), Math.abs(inner));
      const settles = Math.abs(limit - before) <= 1e-5 * size;
      const highest = refined(at, x[best - 1] ?? x[best], x[best + 1] ?? x[best], side);
      const reached = Math.max(side * f[best], highest);
      if (settles) return side * Math.max(reached, side * limit);
      const grows = Math.abs(x[best]) > 2 ** 20 && reached > inner + 0.05 * Math.abs(inner);
      return grows ? side * Infinity : side * reached;
    });
  }

  /* The largest of side·f between two points, by golden sections. */
  function refined(at, from, to, side) {
    const golden = (Math.sqrt(5) - 1) / 2;
    let [low, high] = [from, to];
    for (let step = 0; step < 60; step += 1) {
      const left = high - golden * (high - low), right = low + golden * (high - low);
      if (side * at(left)[0] < side * at(right)[0]) low = left;
      else high = right;
    }
    return side * at((low + high) / 2)[0];
  }

  /* The straight line y = slope·x + rest that f approaches on a side; null where there is none. */
  function line(at, side) {
    const [near, far] = [2 ** 16, 2 ** 20].map((distance) => {
      const [value, slope] = at(side * distance);
      return { slope, rest: value - slope * side * distance };
    });
    const alike = (a, b, within) => Math.abs(a - b) <= within * (1 + Math.abs(b));
    const straight = alike(near.slope, far.slope, 1e-4) && alike(near.rest, far.rest, 1e-3);
    return straight ? far : null;
  }

  return { compiled, constant, joints, range, line };
})();
