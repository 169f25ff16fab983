"use strict";

/* Exact fractions [numerator, denominator] of BigInt, for the numbers of a formula as written and
   for what an exponent may be. */
const Fractions = (() => {
  const size = (n) => (n < 0n ? -n : n);

  function reduced([over, under]) {
    let [a, b] = [size(over), size(under)];
    while (b > 0n) [a, b] = [b, a % b];
    const sign = under < 0n ? -1n : 1n;
    return a === 0n ? [0n, 1n] : [(sign * over) / a, (sign * under) / a];
  }

  const text = ([over, under]) => (under === 1n ? `${over}` : `${over}/${under}`);

  function read(written) {
    const [over, under = "1"] = written.split("/");
    return [BigInt(over), BigInt(under)];
  }

  const OPERATIONS = {
    neg: ([a, b]) => [-a, b],
    "+": ([a, b], [c, d]) => [a * d + c * b, b * d],
    "-": ([a, b], [c, d]) => [a * d - c * b, b * d],
    "*": ([a, b], [c, d]) => [a * c, b * d],
    "/": ([a, b], [c, d]) => (c === 0n ? null : [a * d, b * c]),
  };

  /* The number that a tree of nothing but numbers stands for; null for any other, and for 1/0. */
  function constant(tree) {
    if (tree.number !== undefined) return read(tree.number);
    if (!Array.isArray(tree) || !(tree[0] in OPERATIONS)) return null;
    const values = tree.slice(1).map(constant);
    const found = values.includes(null) ? null : OPERATIONS[tree[0]](...values);
    return found && reduced(found);
  }

  const larger = (p, q) => (p[0] * q[1] > q[0] * p[1] ? p : q);

  /* The largest product of exponents on any path down a tree: 64 for (1 + x**8)**8. */
  function tower(tree) {
    if (!Array.isArray(tree)) return [1n, 1n];
    const below = tree.slice(1).map(tower).reduce(larger);
    const power = (tree[0] === "**" && constant(tree[2])) || [1n, 1n];
    return OPERATIONS["*"](below, larger([size(power[0]), power[1]], [1n, 1n]));
  }

  /* The symbols, functions and operators in a tree. */
  function names(tree) {
    if (!Array.isArray(tree)) return new Set(tree.number === undefined ? [tree] : []);
    return new Set([tree[0], ...tree.slice(1).flatMap((part) => [...names(part)])]);
  }

  function checkExponent(base, exponent, params, most) {
    const used = names(exponent), allowed = new Set(Object.keys(OPERATIONS));
    if (used.has("x")) {
      Formula.refuse("an exponent with x in it is not accepted: a**x is exp(x * log(a))");
    }
    if ([...used].some((name) => !allowed.has(name) && !params.includes(name))) {
      Formula.refuse("an exponent is made of numbers and parameters with + - * /");
    }
    const value = constant(exponent);
    if (value === null && [...used].every((name) => allowed.has(name))) {
      Formula.refuse("an exponent is divided by zero");
    }
    if (value !== null) {
      const [over, under] = OPERATIONS["*"]([size(value[0]), value[1]], tower(base));
      if (over > BigInt(most) * under) {
        Formula.refuse(`exponents, and products of exponents, go to ${most}`);
      }
    }
  }

  return { reduced, text, read, names, checkExponent };
})();
