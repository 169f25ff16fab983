"use strict";

/* Numbers of twice a double's digits, each the sum of two doubles {hi, lo}, and the elementary
   functions of them: about 30 digits, so that 15 are left where a formula cancels half of them.

   Sums and products are Dekker's and Knuth's; the functions keep their relative accuracy near
   their zeros. exp and erfc come with a power of two of their own, which no double may hold. */
const Twofold = (() => {
  const pair = (hi, lo) => ({ hi, lo });
  const of = (number) => ({ hi: number, lo: 0 });
  const ZERO = of(0), ONE = of(1), TWO = of(2);

  /* Of a large argument the reductions need more digits than a pair has. */
  const LN2 = [0.6931471805599453, 2.3190468138462996e-17, 5.707708438416212e-34];
  const HALF_PI = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33,
    5.562271104316826e-50];
  const PI = pair(2 * HALF_PI[0], 2 * HALF_PI[1]);
  const E = pair(2.718281828459045, 1.4456468917292502e-16);

  /* Beyond it an argument has no digits left behind the point to reduce. */
  const LARGEST = 2 ** 50;

  function normal(hi, lo) {
    const sum = hi + lo;
    return pair(sum, lo - (sum - hi));
  }

  function add(a, b) {
    const sum = a.hi + b.hi;
    if (!Number.isFinite(sum)) return of(sum);
    let other = sum - a.hi;
    let rest = a.hi - (sum - other) + (b.hi - other);
    const lows = a.lo + b.lo;
    other = lows - a.lo;
    const last = a.lo - (lows - other) + (b.lo - other);
    rest += lows;
    const high = sum + rest;
    rest = rest - (high - sum) + last;
    return normal(high, rest);
  }

  const negative = (a) => pair(-a.hi, -a.lo);
  const subtract = (a, b) => add(a, negative(b));

  const SPLITTER = 2 ** 27 + 1;

  function multiply(a, b) {
    const product = a.hi * b.hi;
    if (!Number.isFinite(product) || product === 0) return of(product);
    let split = SPLITTER * a.hi;
    const ah = split - (split - a.hi), al = a.hi - ah;
    split = SPLITTER * b.hi;
    const bh = split - (split - b.hi), bl = b.hi - bh;
    const rest = ah * bh - product + ah * bl + al * bh + al * bl + (a.hi * b.lo + a.lo * b.hi);
    // beyond 2⁹⁹⁶ there is no room to split
    return Number.isNaN(rest) ? of(product) : normal(product, rest);
  }

  const times = (a, number) => multiply(a, of(number));

  /* By a power of two, exactly. */
  const scaled = (a, power) => pair(a.hi * power, a.lo * power);

  function divide(a, b) {
    const first = a.hi / b.hi;
    if (!Number.isFinite(first) || first === 0) return of(first);
    let rest = subtract(a, times(b, first));
    const second = rest.hi / b.hi;
    rest = subtract(rest, times(b, second));
    return add(normal(first, second), of(rest.hi / b.hi));
  }

  function sqrt(a) {
    const root = Math.sqrt(a.hi);
    if (!(root > 0) || root === Infinity) return of(root);
    const rest = subtract(a, multiply(of(root), of(root)));
    return normal(root, rest.hi / (2 * root));
  }

  /* The quotient of two whole numbers (BigInt) of any size, of a size that a double has. */
  function fraction(numerator, denominator) {
    const size = (n) => (n < 0n ? -n : n).toString(16).length;
    const cut = BigInt(4 * Math.max(0, size(numerator) - 252, size(denominator) - 252));
    const whole = (n) => {
      const kept = n >> cut, high = Number(kept);
      return pair(high, Number(kept - BigInt(high)));
    };
    return divide(whole(numerator), whole(denominator));
  }

  const INVERSE_FACTORIALS = [ONE];
  for (let n = 1; n <= 32; n += 1) {
    INVERSE_FACTORIALS.push(divide(INVERSE_FACTORIALS[n - 1], of(n)));
  }

  /* a less so many times a constant, given in parts. */
  function reduced(a, count, parts) {
    return parts.reduce((rest, part) => subtract(rest, multiply(of(count), of(part))), a);
  }

  /* e^a as (1 + small)·2^shift, the small one with all its digits; |a| ≤ LARGEST. */
  function exponential(a) {
    const shift = Math.round(a.hi / LN2[0]);
    const r = scaled(shift === 0 ? a : reduced(a, shift, LN2), 2 ** -8);
    let sum = INVERSE_FACTORIALS[10];
    for (let n = 9; n >= 1; n -= 1) sum = add(multiply(sum, r), INVERSE_FACTORIALS[n]);
    let small = multiply(sum, r);
    // (1 + s)² = 1 + (2s + s²)
    for (let n = 0; n < 8; n += 1) small = add(scaled(small, 2), multiply(small, small));
    return { small, shift };
  }

  /* of a positive number */
  function log(a) {
    const past = subtract(a, ONE);
    if (Math.abs(past.hi) < 0.01) {
      const s = divide(past, add(past, TWO));
      const square = multiply(s, s);
      let sum = ZERO;
      for (let n = 8; n >= 0; n -= 1) {
        sum = add(multiply(sum, square), divide(ONE, of(2 * n + 1)));
      }
      return scaled(multiply(sum, s), 2);
    }
    // one step of Newton's method doubles the digits
    const near = of(Math.log(a.hi));
    const { small, shift } = exponential(negative(near));
    const off = subtract(scaled(multiply(a, add(ONE, small)), 2 ** shift), ONE);
    return add(near, subtract(off, scaled(multiply(off, off), 0.5)));
  }

  function alternating(square, first) {
    let sum = ZERO;
    for (let n = 28 + first; n >= first; n -= 2) {
      sum = subtract(INVERSE_FACTORIALS[n], multiply(sum, square));
    }
    return sum;
  }

  /* Sine and cosine; NaN beyond LARGEST. */
  function circular(a) {
    if (!(Math.abs(a.hi) <= LARGEST)) return { sine: of(NaN), cosine: of(NaN) };
    const quarter = Math.round(a.hi / HALF_PI[0]);
    const r = quarter === 0 ? a : reduced(a, quarter, HALF_PI);
    const square = multiply(r, r);
    const sine = multiply(alternating(square, 1), r), cosine = alternating(square, 0);
    switch (((quarter % 4) + 4) % 4) {
      case 0: return { sine, cosine };
      case 1: return { sine: cosine, cosine: negative(sine) };
      case 2: return { sine: negative(sine), cosine: negative(cosine) };
      default: return { sine: negative(cosine), cosine: sine };
    }
  }

  function atan(a) {
    if (Math.abs(a.hi) > 1) {
      const rest = atan(divide(ONE, a));
      const quarter = pair(HALF_PI[0], HALF_PI[1]);
      return subtract(a.hi > 0 ? quarter : negative(quarter), rest);
    }
    const near = of(Math.atan(a.hi));
    const { sine, cosine } = circular(near);
    // the tangent of what is left, as good as what is left
    const above = subtract(multiply(a, cosine), sine);
    return add(near, divide(above, add(cosine, multiply(a, sine))));
  }

  const TWO_OVER_ROOT_PI = divide(TWO, sqrt(PI));

  /* erf for |a| ≤ FAR, by a series of positive terms. */
  const FAR = 5;
  function erf(a) {
    const square = multiply(a, a);
    const doubled = scaled(square, 2);
    let term = a, sum = a;
    for (let n = 1; Math.abs(term.hi) > 1e-34 * Math.abs(sum.hi); n += 1) {
      term = divide(multiply(term, doubled), of(2 * n + 1));
      sum = add(sum, term);
    }
    const { small, shift } = exponential(negative(square));
    return multiply(multiply(TWO_OVER_ROOT_PI, scaled(add(ONE, small), 2 ** shift)), sum);
  }

  /* erfc(a)·exp(a²) for a > FAR, by Laplace's continued fraction. */
  function erfcScaled(a) {
    let below = a;
    for (let n = 60; n >= 1; n -= 1) below = add(a, divide(of(n / 2), below));
    return divide(scaled(TWO_OVER_ROOT_PI, 0.5), below);
  }

  return {
    of, pair, add, subtract, negative, multiply, times, scaled, divide, sqrt, fraction,
    exponential, log, circular, atan, erf, erfcScaled,
    ZERO, ONE, TWO, PI, E, TWO_OVER_ROOT_PI, INVERSE_FACTORIALS, LARGEST, FAR,
    LN2: pair(LN2[0], LN2[1]),
  };
})();
