"use strict";

/* The functions on the page: what a choice means, its colour, and all that is computed of it. */
const Subjects = (() => {
  const DATA = JSON.parse(document.getElementById("catalogue").textContent);
  const RECORDS = new Map(DATA.records.map((record) => [record.name, record]));
  const NAMES = new Map(
    DATA.records.flatMap((one) => [one.name, ...one.aliases].map((name) => [name, one.name])),
  );
  const DEPTH = 50;
  const LINEAR = { weight: 1 / Math.sqrt(3), bias: 1 / Math.sqrt(3 * 256) };

  /* What a choice says: its tree and parameters. Throws FormulaError where it says nothing. */
  function understood(choice) {
    if (choice.name !== undefined) {
      const record = RECORDS.get(NAMES.get(choice.name));
      if (!record) Formula.refuse(`no activation named '${choice.name}'`);
      const own = Object.keys(record.params).filter((name) => name in choice.params);
      const params = { ...record.params, ...pick(choice.params, own) };
      check(record, params);
      return { key: keyOf(record.name, params), label: record.name, record, tree: record.tree, params };
    }
    const names = Formula.unknownNames(choice.text);
    const tree = Formula.parse(choice.text, names);
    const given = pick(choice.params, names.filter((name) => name in choice.params));
    const params = { ...Object.fromEntries(names.map((name) => [name, 1])), ...given };
    return { key: keyOf(choice.text, params), label: choice.text, tree, params };
  }

  const keyOf = (said, params) => JSON.stringify([said, params]);
  const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));

  /* The interval of a record's parameter, with ends that are numbers now. */
  function interval(record, name, params) {
    const declared = record?.domain[name];
    if (!declared) return { low: -Infinity, high: Infinity, withLow: false, withHigh: false };
    const end = (tree, infinite) => (tree === null ? infinite : Curve.constant(tree, params));
    return { ...declared, low: end(declared.low, -Infinity), high: end(declared.high, Infinity) };
  }

  /* Refuses parameters that are not in their domains. */
  function check(record, params) {
    for (const [name, value] of Object.entries(params)) {
      const { low, high, withLow, withHigh, text } = interval(record, name, params);
      const above = withLow ? value >= low : value > low;
      const below = withHigh ? value <= high : value < high;
      if (!above || !below) Formula.refuse(`${name} must be in ${text}, not ${short(value)}`);
    }
  }

  /* The ends of a slider: the domain where it is bounded, else as far as people go. */
  function reach(subject, name) {
    const { low, high, withLow, withHigh } = interval(subject.record, name, subject.params);
    const usual = subject.record?.params[name] ?? 1;
    const size = 10 ** Math.ceil(Math.log10(10 * Math.max(Math.abs(usual), 0.1) / 3.2));
    const from = low > -Infinity ? low : Math.min(-size, high - size);
    const to = high < Infinity ? high : Math.max(size, from + size);
    const step = (to - from) / 200;
    return { from: withLow || low === -Infinity ? from : from + step,
      to: withHigh || high === Infinity ? to : to - step, step };
  }

  /* All that the page says of a function, computed anew where a parameter has moved. */
  function computed(subject) {
    const { tree, params, record } = subject;
    const at = Curve.compiled(tree, params);
    const joints = Curve.joints(tree, params);
    const sample = Signal.sampled(at, joints, record?.poles);
    const sides = [-1, 1].map((side, index) => asymptote(subject, at, side, index));
    return {
      ...subject, at, joints, sample, sides,
      range: Curve.range(at, sample), moments: Signal.moments(sample, 1),
      recommended: Signal.recommended(sample),
    };
  }

  /* The record's own, else the straight line that it comes close to: {text, at}, or null. */
  function asymptote({ record, params }, at, side, index) {
    if (record) {
      const tree = record.asymptotes[index];
      if (tree === null) return null;
      const own = Curve.compiled(tree, params);
      return { text: record.asymptoteTexts[index], at: (x) => own(x)[0] };
    }
    const line = Curve.line(at, side);
    return line && { text: lineText(line), at: (x) => line.slope * x + line.rest };
  }

  function lineText({ slope, rest }) {
    const [m, b] = [slope, rest].map((value) => (Math.abs(value) < 1e-5 ? 0 : value));
    const of = m === 0 ? "" : m === 1 ? "x" : m === -1 ? "-x" : `${short(m)} * x`;
    if (b === 0) return of || "0";
    return of ? `${of} ${b < 0 ? "-" : "+"} ${short(Math.abs(b))}` : short(b);
  }

  /* σ_w and σ_b that a network of this function is drawn with; null where there is no such pair. */
  function drawn(subject, state) {
    if (state.weights === "linear") return LINEAR;
    if (state.weights === "own") return { weight: state.gain, bias: state.bias };
    const found = subject.recommended;
    if (!found || state.weights === "recommended") return found;
    return { weight: found.forward, bias: 0 };
  }

  const WORDS = { "-Infinity": "-∞", Infinity: "∞", NaN: "undefined" };

  /* A number for the reader, in four digits. */
  function short(value) {
    if (!Number.isFinite(value)) return WORDS[value];
    const size = Math.abs(value);
    if (size < 1e-12) return "0";
    if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace("e+", "e");
    return String(Number(value.toPrecision(4)));
  }

  /* The colours are those of every figure of the package: a record's own; for formulas one that is
     not taken; shades where a colour comes again. */
  function colour(subjects) {
    const used = new Map(), taken = new Set(subjects.map((one) => one.record?.colour));
    const free = DATA.others.filter((one) => !taken.has(one));
    subjects.forEach((subject) => {
      const plain = subject.record?.colour ?? free.shift() ?? DATA.others[0];
      const count = used.get(plain) ?? 0;
      used.set(plain, count + 1);
      const [towards, share] = DATA.shades[count % DATA.shades.length];
      subject.colour = mixed(plain, 255 * towards, share);
    });
  }

  const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

  function mixed(colour, towards, share) {
    const parts = channels(colour).map((part) => Math.round(part + share * (towards - part)));
    return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  }

  /* Light enough for a dark page. */
  function onDark(colour) {
    const [red, green, blue] = channels(colour).map((part) => (part / 255) ** 2.2);
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return light > 0.2 ? colour : mixed(colour, 255, 0.25 + 0.35 * (1 - light / 0.2));
  }

  return {
    DATA, DEPTH, understood, computed, check, reach, drawn, short, colour, onDark,
  };
})();
