"use strict";

/* Value, first and second derivative with respect to x, carried through every operation (forward
   mode), in twofold numbers and with a power of two that all three share: a jet stands for
   (value, slope, curve)·2^shift. So exp(-x) in 1/(1 + exp(-x)) may be larger than any double.

   The exponential of more than 2⁵⁰ is infinite. What happens at a tie is as in the Python oracle: sign(0) is 0, max and min take the mean. */
const Jets = (() => {
  const {
    add, subtract, negative, multiply, times, scaled, divide, of, ZERO, ONE, TWO, TWO_OVER_ROOT_PI,
  } = Twofold;

  const jet = (value, slope = ZERO, curve = ZERO, shift = 0) => ({ value, slope, curve, shift });
  const constant = (value) => jet(value);
  const everywhere = (a, f, shift = a.shift) => jet(f(a.value), f(a.slope), f(a.curve), shift);

  /* The three as doubles. */
  function numbers(a) {
    return [a.value, a.slope, a.curve].map((part) => unshifted(part.hi + part.lo, a.shift));
  }

  function unshifted(number, shift) {
    let found = number, left = shift;
    for (; left > 1000 && found !== 0 && Number.isFinite(found); left -= 1000) found *= 2 ** 1000;
    for (; left < -1000 && found !== 0; left += 1000) found *= 2 ** -1000;
    return Math.abs(left) > 1000 ? found : found * 2 ** left;
  }

  /* Without a shift, infinite or 0 where a double has no room for it. */
  function plain(a) {
    if (a.shift === 0) return a;
    const move = (part) => {
      const hi = unshifted(part.hi, a.shift);
      return Number.isFinite(hi) ? { hi, lo: unshifted(part.lo, a.shift) } : of(hi);
    };
    return everywhere(a, move, 0);
  }

  /* With its largest part near 1 where that was far from it, so that no product overflows. */
  const ROOM = 2 ** 256;
  function roomy(a) {
    const most = Math.max(Math.abs(a.value.hi), Math.abs(a.slope.hi), Math.abs(a.curve.hi));
    if ((most <= ROOM && most >= 1 / ROOM) || most === 0 || !Number.isFinite(most)) return a;
    const by = Math.floor(Math.log2(most));
    // a subnormal number's power of two has an inverse that is no double
    const once = Math.max(by, -1000);
    return everywhere(a, (part) => scaled(part, 2 ** -once), a.shift + once);
  }

  const variable = (x) => roomy(jet(of(x), ONE));

  function sum(a, b) {
    if (a.shift !== b.shift) {
      const shift = Math.max(a.shift, b.shift);
      // a 0 has no size
      if (isZero(a)) return b;
      if (isZero(b)) return a;
      const moved = (c) => everywhere(c, (part) => scaled(part, 2 ** (c.shift - shift)), shift);
      return sum(moved(a), moved(b));
    }
    return roomy(jet(
      add(a.value, b.value), add(a.slope, b.slope), add(a.curve, b.curve), a.shift,
    ));
  }

  const isConstant = (a) => a.slope.hi === 0 && a.curve.hi === 0;
  const isZero = (a) => a.value.hi === 0 && isConstant(a);
  const neg = (a) => everywhere(a, negative);
  const difference = (a, b) => sum(a, neg(b));

  function product(a, b) {
    const shift = a.shift + b.shift;
    if (isConstant(b)) return roomy(everywhere(a, (part) => multiply(part, b.value), shift));
    if (isConstant(a)) return product(b, a);
    const cross = scaled(multiply(a.slope, b.slope), 2);
    return roomy(jet(
      multiply(a.value, b.value),
      add(multiply(a.slope, b.value), multiply(a.value, b.slope)),
      add(add(multiply(a.curve, b.value), multiply(a.value, b.curve)), cross),
      shift,
    ));
  }

  function reciprocal(a) {
    if (Math.abs(a.value.hi) === Infinity) return jet(of(1 / a.value.hi));
    const value = divide(ONE, a.value);
    if (isConstant(a)) return roomy(jet(value, ZERO, ZERO, -a.shift));
    const slope = negative(multiply(multiply(a.slope, value), value));
    const bend = scaled(multiply(multiply(slope, a.slope), value), -2);
    const curve = subtract(bend, multiply(multiply(a.curve, value), value));
    return roomy(jet(value, slope, curve, -a.shift));
  }

  const quotient = (a, b) => product(a, reciprocal(b));

  /* g(a) from g, g′ and g″ at the value of a plain jet. */
  function chained(a, g, first, second) {
    const bent = second.hi === 0 ? ZERO : multiply(second, multiply(a.slope, a.slope));
    const passed = (part) => (first.hi === 0 ? ZERO : multiply(first, part));
    return jet(g, passed(a.slope), add(passed(a.curve), bent));
  }

  function exp(given) {
    const a = plain(given);
    if (!(Math.abs(a.value.hi) <= Twofold.LARGEST)) {
      if (a.value.hi < 0) return jet(ZERO);
      const beyond = (part) => of(part.hi === 0 ? 0 : part.hi * Infinity);
      const bend = add(a.curve, multiply(a.slope, a.slope));
      return jet(of(a.value.hi + Infinity), beyond(a.slope), beyond(bend));
    }
    const { small, shift } = Twofold.exponential(a.value);
    const value = add(ONE, small);
    const curve = add(a.curve, multiply(a.slope, a.slope));
    return roomy(jet(value, multiply(value, a.slope), multiply(value, curve), shift));
  }

  const ONE_JET = jet(ONE), HALF = jet(of(0.5));

  function expm1(a) {
    const e = exp(a), { value } = plain(a);
    if (!(Math.abs(value.hi) < 0.3)) return difference(e, ONE_JET);
    return roomy({ ...plain(e), value: Twofold.exponential(value).small });
  }

  function log(a) {
    const value = a.value.hi > 0 ? Twofold.log(a.value) : of(Math.log(a.value.hi));
    const slope = divide(a.slope, a.value);
    const curve = subtract(divide(a.curve, a.value), multiply(slope, slope));
    return jet(add(value, times(Twofold.LN2, a.shift)), slope, curve);
  }

  const log1p = (a) => log(sum(ONE_JET, a));

  function sqrt(given) {
    const odd = given.shift % 2 !== 0;
    const a = odd ? everywhere(given, (part) => scaled(part, 2)) : given;
    const value = Twofold.sqrt(a.value);
    if (isConstant(a)) return jet(value, ZERO, ZERO, (given.shift - odd) / 2);
    const slope = divide(a.slope, scaled(value, 2));
    const curve = divide(subtract(scaled(a.curve, 0.5), multiply(slope, slope)), value);
    return roomy(jet(value, slope, curve, (given.shift - odd) / 2));
  }

  /* f of |a|, with the sign of a where f is odd. */
  function mirrored(a, f, odd) {
    const sign = Math.sign(a.value.hi);
    if (sign >= 0 || Number.isNaN(sign)) return f(a);
    return odd ? neg(f(neg(a))) : f(neg(a));
  }

  const sinh = (a) => mirrored(a, (b) => {
    const e = exp(b);
    const found = product(difference(e, reciprocal(e)), HALF);
    if (!(plain(b).value.hi < 0.3)) return found;
    const { value } = plain(expm1(b));
    return roomy({ ...plain(found), value: scaled(add(value, divide(value, add(ONE, value))), 0.5) });
  }, true);

  const cosh = (a) => mirrored(a, (b) => {
    const e = exp(b);
    return product(sum(e, reciprocal(e)), HALF);
  }, false);

  const tanh = (a) => mirrored(a, (b) => {
    const small = expm1(product(b, constant(of(-2))));
    return neg(quotient(small, sum(small, constant(TWO))));
  }, true);

  const asinh = (a) => mirrored(a, (b) => {
    const square = product(b, b);
    return log1p(sum(b, quotient(square, sum(ONE_JET, sqrt(sum(ONE_JET, square))))));
  }, true);

  const sigmoid = (a) => reciprocal(sum(ONE_JET, exp(neg(a))));

  function softplus(a) {
    return a.value.hi > 0 ? sum(a, log1p(exp(neg(a)))) : log1p(exp(a));
  }

  function sin(given) {
    const a = plain(given), { sine, cosine } = Twofold.circular(a.value);
    return chained(a, sine, cosine, negative(sine));
  }

  function cos(given) {
    const a = plain(given), { sine, cosine } = Twofold.circular(a.value);
    return chained(a, cosine, negative(sine), negative(cosine));
  }

  const tan = (a) => quotient(sin(a), cos(a));

  /* sin(u)/u, 1 at 0, near which its derivatives would cancel. */
  function sinc(given) {
    const a = plain(given), u = a.value;
    if (!(Math.abs(u.hi) < 1)) return quotient(sin(a), a);
    const square = multiply(u, u);
    let value = ZERO, slope = ZERO, curve = ZERO;
    for (let n = 14; n >= 0; n -= 1) {
      const term = times(Twofold.INVERSE_FACTORIALS[2 * n + 1], n % 2 ? -1 : 1);
      value = add(multiply(value, square), term);
      if (n > 0) {
        slope = add(multiply(slope, square), times(term, 2 * n));
        curve = add(multiply(curve, square), times(term, 2 * n * (2 * n - 1)));
      }
    }
    return chained(a, value, multiply(slope, u), curve);
  }

  function atan(given) {
    const a = plain(given);
    if (!Number.isFinite(a.value.hi)) return jet(of(Math.atan(a.value.hi)));
    const first = divide(ONE, add(ONE, multiply(a.value, a.value)));
    const second = multiply(scaled(a.value, -2), multiply(first, first));
    return chained(a, Twofold.atan(a.value), first, second);
  }

  /* Both have ∓2/√π·exp(-u²) for a slope, which is a jet itself. */
  function erf(given) {
    const a = plain(given);
    if (!(Math.abs(a.value.hi) <= Twofold.FAR)) {
      return mirrored(a, (b) => difference(ONE_JET, erfc(b)), true);
    }
    const bell = plain(exp(neg(product(a, a))));
    return withBell(a, Twofold.erf(a.value), bell, TWO_OVER_ROOT_PI);
  }

  function erfc(given) {
    const a = plain(given), u = a.value.hi;
    if (u < -Twofold.FAR) return difference(constant(TWO), erfc(neg(a)));
    if (!(u <= Twofold.FAR)) {
      if (u === Infinity) return jet(ZERO);
      const bell = exp(neg(product(a, a)));
      const value = multiply(bell.value, Twofold.erfcScaled(a.value));
      return withBell(a, value, bell, negative(TWO_OVER_ROOT_PI));
    }
    const bell = plain(exp(neg(product(a, a))));
    return withBell(a, subtract(ONE, Twofold.erf(a.value)), bell, negative(TWO_OVER_ROOT_PI));
  }

  function withBell(a, value, bell, factor) {
    const curve = add(multiply(bell.slope, a.slope), multiply(bell.value, a.curve));
    return jet(
      value, multiply(factor, multiply(bell.value, a.slope)), multiply(factor, curve), bell.shift,
    );
  }

  /* a to a constant power: by multiplication for a whole one, else through the logarithm. */
  function power(a, exponent) {
    const k = plain(exponent).value;
    if (!Number.isInteger(k.hi) || k.lo !== 0) return exp(product(exponent, log(a)));
    let found = ONE_JET;
    for (const bit of Math.abs(k.hi).toString(2)) {
      found = product(found, found);
      if (bit === "1") found = product(found, a);
    }
    return k.hi < 0 ? reciprocal(found) : found;
  }

  const signOf = (a) => Math.sign(a.value.hi);
  const sign = (a) => jet(of(signOf(a)));
  const abs = (a) => product(sign(a), a);
  const compared = (a, b) => signOf(difference(a, b));
  const mean = (a, b) => product(sum(a, b), HALF);

  function max(a, b) {
    const side = compared(a, b);
    return side === 0 ? mean(a, b) : side > 0 ? a : b;
  }

  function min(a, b) {
    const side = compared(a, b);
    return side === 0 ? mean(a, b) : side < 0 ? a : b;
  }

  const FUNCTIONS = {
    "+": sum, "-": difference, "*": product, "/": quotient, "**": power, neg, abs, max, min, sign,
    exp, expm1, log, log1p, sqrt, sinh, cosh, tanh, asinh, sigmoid, softplus, sin, cos, tan, sinc,
    atan, erf, erfc,
  };
  const COMPARISONS = {
    "<": (a, b) => compared(a, b) < 0, "<=": (a, b) => compared(a, b) <= 0,
    ">": (a, b) => compared(a, b) > 0, ">=": (a, b) => compared(a, b) >= 0,
  };

  return { constant, variable, numbers, FUNCTIONS, COMPARISONS };
})();
