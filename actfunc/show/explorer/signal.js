"use strict";

/* What a wide random network does with a function: averages over normal inputs, the map of the
   variance, the gain, and the way through many layers, as Python's `analysis.gaussian`, `signal`,
   `gain` and `propagation` have them.

   Python asks a function anew at each variance. Here it is asked once, at places that do for every
   variance from 1e-24 to 1e12: they lie ever closer towards 0, and between its joints. */
const Signal = (() => {
  const NODES = 12, REACH = 38;
  const TINY = 2 ** -60, SMALLEST = 2 ** -16, LARGEST = 2 ** 26;

  /* Gauss and Legendre's places in [-1, 1] with their weights, by Newton's method. */
  const RULE = Array.from({ length: NODES }, (_, index) => {
    let place = Math.cos((Math.PI * (index + 0.75)) / (NODES + 0.5)), slope = 0;
    for (let step = 0; step < 20; step += 1) {
      let [before, value] = [1, place];
      for (let k = 2; k <= NODES; k += 1) {
        [before, value] = [value, ((2 * k - 1) * place * value - (k - 1) * before) / k];
      }
      slope = (NODES * (place * value - before)) / (place * place - 1);
      place -= value / slope;
    }
    return { place, weight: 2 / ((1 - place * place) * slope * slope) };
  }).reverse();

  /* The ends of the panels right of 0: by halves of octaves, and narrow enough for a sine. */
  const ENDS = [];
  for (let end = TINY; end < SMALLEST; end *= 2) ENDS.push(end);
  for (let end = SMALLEST; end < LARGEST;) {
    ENDS.push(end);
    const widest = end < 8 ? 0.5 : end < 64 ? 2 ** (Math.floor(Math.log2(end)) - 3) : end;
    end = Math.min(end * Math.SQRT2, end + widest);
  }
  ENDS.push(LARGEST);

  /* f and f′ at all places, ascending, with what each counts: {x, weight, f, slope, steep}.

     at: x ↦ [f, f′, f″]; steep: whether f′² next to a pole has no integral; zero: f(0). */
  function sampled(at, joints, poles = []) {
    const ends = [...ENDS.map((end) => -end).reverse(), 0, ...ENDS];
    const all = [...new Set([...ends, ...joints])].sort((a, b) => a - b);
    const count = (all.length - 1) * NODES;
    const [x, weight, f, slope] = Array.from({ length: 4 }, () => new Float64Array(count));
    // closer to 0 it is what it is there, on either side
    const beside = [-SMALLEST / 2, SMALLEST / 2].map((point) => ({ point, found: at(point) }));
    let n = 0;
    for (let panel = 1; panel < all.length; panel += 1) {
      const half = (all[panel] - all[panel - 1]) / 2, middle = all[panel - 1] + half;
      for (const { place, weight: part } of RULE) {
        x[n] = middle + half * place;
        weight[n] = half * part;
        const near = Math.abs(x[n]) < SMALLEST && beside[x[n] < 0 ? 0 : 1];
        const found = near ? continued(near, x[n]) : at(x[n]);
        [f[n], slope[n]] = found;
        n += 1;
      }
    }
    const steep = poles.some((pole) => isSteep(at, pole));
    return { x, weight, f, slope, steep, zero: at(0)[0] || 0 };
  }

  function continued({ point, found: [value, slope, curve] }, x) {
    const by = x - point;
    return [value + by * (slope + (by * curve) / 2), slope + by * curve];
  }

  /* Next to a pole f′ is a power of the distance d: d·f′² must fall with d. */
  function isSteep(at, pole) {
    return [-1, 1].some((side) => {
      const [far, close] = [2 ** -20, 2 ** -30].map((d) => d * at(pole + side * d)[1] ** 2);
      return close > far / 2;
    });
  }

  /* E[f], E[f²], E[f′²] and dE[f²]/dv over inputs of mean 0 and variance v. */
  function moments(sample, variance) {
    const { x, weight, f, slope, steep } = sample;
    const far = REACH * Math.sqrt(variance);
    let [mean, square, slopes, growth] = [0, 0, 0, 0];
    for (let n = 0; n < x.length; n += 1) {
      if (Math.abs(x[n]) > far) continue;
      // the square of a value far out and its weight may both be beyond a double
      const root = Math.exp((-x[n] * x[n]) / (4 * variance));
      const value = f[n] * root, change = slope[n] * root;
      mean += weight[n] * value * root;
      square += weight[n] * value * value;
      slopes += weight[n] * change * change;
      growth += weight[n] * value * value * ((x[n] * x[n]) / variance - 1);
    }
    const all = Math.sqrt(2 * Math.PI * variance);
    return {
      mean: mean / all, square: square / all, slope: steep ? Infinity : slopes / all,
      growth: growth / all / (2 * variance),
    };
  }

  const mapped = (sample, variance, weight, bias) =>
    weight ** 2 * moments(sample, variance).square + bias ** 2;

  const VARIANCES = Array.from({ length: 61 }, (_, n) => 10 ** ((n - 30) / 10));
  const ROUNDING = 1e-6, SHRINKS = 0.95, EVEN = 1e-9;

  /* The pair (σ_w, σ_b) of the critical line at a variance. */
  function critical(sample, variance) {
    const found = moments(sample, variance), square = 1 / found.slope;
    let rest = 1 - (square * found.square) / variance;
    if (Math.abs(rest) <= EVEN) rest = 0;
    const weight = Math.sqrt(square), bias = Math.sqrt(variance * rest);
    const good = rest >= 0 && weight > 0 && weight < Infinity;
    return { variance, weight, bias, growth: square * found.growth, good };
  }

  function comesBack(sample, { variance, weight, bias }) {
    return [0.5, 2].every((factor) => {
      const ratio = mapped(sample, factor * variance, weight, bias) / variance;
      return ratio > 0.5 && ratio < 2;
    });
  }

  /* The pair that keeps values and gradients in depth, as near to variance 1 as it can be; null
     where E[f²] is 0 or no number. The rules are those of `analysis.gain.recommend`. */
  function recommended(sample) {
    const found = moments(sample, 1);
    if (!(found.square > 0 && found.square < Infinity)) return null;
    const gains = { forward: 1 / Math.sqrt(found.square), backward: 1 / Math.sqrt(found.slope) };
    const line = VARIANCES.map((variance) => critical(sample, variance));
    const own = line[30];
    const distance = ({ variance }) => Math.abs(Math.log(variance));
    const least = (points, size) => points.reduce((a, b) => (size(b) < size(a) ? b : a));
    let chosen = own;
    if (!(own.good && own.growth <= 1 + ROUNDING)) {
      const steady = line.filter(
        (point) => point.good && point.growth < 1 - ROUNDING && comesBack(sample, point),
      );
      const fast = steady.filter((point) => point.growth <= SHRINKS);
      if (fast.length) chosen = least(fast, distance);
      else if (steady.length) chosen = least(steady, ({ growth }) => growth);
    }
    if (chosen.good) return { ...gains, ...chosen };
    const growth = gains.forward ** 2 * found.growth;
    return { ...gains, weight: gains.forward, bias: 0, variance: 1, growth, good: false };
  }

  const LEAST = 1e-24, MOST = 1e12;

  /* Moments, where no places are as of a function that is straight there. */
  function anywhere(sample, variance) {
    const near = Math.min(Math.max(variance, LEAST), MOST);
    const found = moments(sample, near);
    if (near === variance) return found;
    const still = near === LEAST ? sample.zero ** 2 : 0;
    return { ...found, square: still + (found.square - still) * (variance / near) };
  }

  /* Variance of the pre-activations, and mean squared gradient (the last layer's is 1), by layer. */
  function layers(sample, weight, bias, start, depth) {
    const variance = [start], factors = [];
    while (variance.length < depth) {
      const { square, slope } = anywhere(sample, variance.at(-1));
      variance.push(weight ** 2 * square + bias ** 2);
      factors.push(weight ** 2 * slope);
    }
    const gradient = [1];
    for (const factor of factors.reverse()) gradient.unshift(factor * gradient[0]);
    return { variance, gradient };
  }

  /* The outputs for inputs of this variance: shares of `bins` equal bins between low and high, and
     the values that single shares of more than a hundredth sit at, [value, share]. */
  function histogram({ x, weight, f, slope }, variance, low, high, bins) {
    const shares = new Float64Array(bins), single = new Map();
    const width = (high - low) / bins, all = Math.sqrt(2 * Math.PI * variance);
    for (let n = 0; n < x.length; n += 1) {
      const share = (weight[n] * Math.exp((-x[n] * x[n]) / (2 * variance))) / all;
      if (!(share > 0)) continue;
      if (slope[n] === 0) single.set(f[n], (single.get(f[n]) ?? 0) + share);
      // what lies around x falls on both sides of f, the further the steeper it is there
      const reach = Math.max((Math.abs(slope[n]) * weight[n]) / 2, width * 1e-6);
      const from = f[n] - reach, to = f[n] + reach;
      const first = Math.max(0, Math.floor((from - low) / width));
      const last = Math.min(bins - 1, Math.floor((to - low) / width));
      for (let bin = first; bin <= last; bin += 1) {
        const left = Math.max(from, low + bin * width);
        const right = Math.min(to, low + (bin + 1) * width);
        shares[bin] += (share * Math.max(0, right - left)) / (to - from);
      }
    }
    return { shares, single: [...single].filter(([, share]) => share > 0.01) };
  }

  return { sampled, moments, mapped, recommended, layers, histogram };
})();
