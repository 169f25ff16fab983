"use strict";

/* The pictures, drawn by uPlot. */
const Charts = (() => {
  const { short, DEPTH } = Subjects;
  const POINTS = 400, BINS = 80;
  const WIDTHS = [2.6, 1.8, 1.6], DASHES = [[], [8, 5], [2, 4]];
  const ORDERS = ["f", "f′", "f″"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const ink = (name) => () =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tint = ({ colour }) => (dark.matches ? Subjects.onDark(colour) : colour);
  const finite = (value) => (Number.isFinite(value) ? value : null);

  const shown = new Map();

  /* A picture in its place: the numbers of the one that is there change, or it is made anew. */
  function put(id, key, made) {
    const place = document.getElementById(id), there = shown.get(id);
    if (there?.key === key) {
      there.chart.setData(made.data);
      return;
    }
    there?.chart.destroy();
    const size = { width: place.clientWidth, height: place.clientHeight };
    const chart = new uPlot(
      { ...size, legend: { show: false }, pxAlign: 0, padding: [12, 12, 0, 0], ...made.options },
      made.data, place,
    );
    shown.set(id, { key, chart });
  }

  const resized = new ResizeObserver(() => {
    for (const [id, { chart }] of shown) {
      const { clientWidth: width, clientHeight: height } = document.getElementById(id);
      if (width !== chart.width || height !== chart.height) chart.setSize({ width, height });
    }
  });
  for (const place of document.querySelectorAll(".plot")) resized.observe(place);

  const axis = (label, more = {}) => ({
    label, labelSize: 18, labelGap: 0, size: 42, gap: 4, stroke: ink("--soft"),
    font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
    grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, ...more,
  });
  const across = (label, more = {}) => axis(label, { size: 26, ...more });
  const still = { drag: { x: false, y: false, setScale: false }, points: { show: false } };
  const hidden = { points: { show: false } };

  /* Powers of ten alone, eight at most. */
  const powers = {
    splits: (_chart, _axis, low, high) => {
      const [from, to] = [low, high].map((end) => Math.round(Math.log10(end)));
      const step = Math.ceil((to - from) / 8);
      return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) =>
        10 ** (from + n * step));
    },
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map((value) => {
      const power = Math.round(Math.log10(value));
      return Math.abs(power) <= 3 ? String(Number(value.toPrecision(1))) : `10${raised(power)}`;
    }),
  };
  const raised = (number) => [...String(number)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");

  /* f, f′ and f″ with joints and asymptotes. */
  function functions(subjects, state, { onRange, onPoint }) {
    const { from, to } = state, span = to - from;
    const cuts = [...new Set(subjects.flatMap(({ joints }) => joints))].filter(
      (joint) => joint > from && joint < to,
    );
    const even = Array.from({ length: POINTS + 1 }, (_, n) => from + (span * n) / POINTS);
    const x = [...new Set([
      ...even, ...cuts.flatMap((cut) => [cut - span * 1e-9, cut, cut + span * 1e-9]),
    ])].sort((a, b) => a - b);
    const data = [x], series = [{}];
    for (const subject of subjects) {
      subject.sides.forEach((asymptote, right) => {
        const on = (at) => (right ? at >= 0 : at <= 0);
        data.push(x.map((at) => (asymptote && on(at) ? finite(asymptote.at(at)) : null)));
        series.push({ stroke: ink("--faint"), width: 1.2, dash: [1, 4], ...hidden });
      });
    }
    for (const subject of subjects) {
      const found = x.map((at) => (subject.joints.includes(at) ? null : subject.at(at)));
      ORDERS.forEach((_, order) => {
        data.push(found.map((three) => three && finite(three[order])));
        series.push({
          stroke: tint(subject), width: WIDTHS[order], dash: DASHES[order], ...hidden,
          show: state.orders[order],
        });
      });
    }
    const drawJoints = (chart) => {
      const { ctx } = chart, ratio = devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
      ctx.clip();
      for (const subject of state.orders[0] ? current.subjects : []) {
        for (const joint of subject.joints) {
          ctx.beginPath();
          const [value] = subject.at(joint);
          ctx.arc(chart.valToPos(joint, "x", true), chart.valToPos(value, "y", true), 4.5 * ratio,
            0, 7);
          ctx.fillStyle = tint(subject);
          ctx.strokeStyle = ink("--paper")();
          ctx.lineWidth = 1.5 * ratio;
          ctx.fill();
          ctx.stroke();
        }
      }
      ctx.restore();
    };
    current.subjects = subjects;
    current.heights = heights(data.slice(1), series.slice(1), span);
    const options = {
      scales: {
        x: { time: false, range: () => [data[0][0], data[0].at(-1)] },
        y: { range: () => current.heights },
      },
      series, axes: [across("x"), axis()],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      hooks: {
        draw: [drawJoints],
        setCursor: [(chart) => onPoint(
          chart.data[0][chart.cursor.idx] ?? null,
        )],
        setSelect: [(chart) => {
          const { left, width } = chart.select;
          if (width > 4) onRange(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    };
    put("functions", key(subjects, state.orders, from, to), { options, data });
  }

  const current = { subjects: [], heights: [0, 1] };
  const key = (subjects, ...more) =>
    [...subjects.map((one) => tint(one) + one.label), ...more, dark.matches].join(" ");

  /* What is shown up and down: all of it, but no further than the picture is wide. */
  function heights(columns, series, span) {
    const values = columns.flatMap((column, n) =>
      (series[n].show === false ? [] : column.filter((value) => value !== null)));
    const most = 0.5 * span;
    const low = Math.max(Math.min(0, ...values), -most / 2);
    const high = Math.min(Math.max(0, ...values), most);
    const step = 10 ** Math.floor(Math.log10(high - low || 1)) / 4;
    return [Math.floor(low / step - 0.5) * step, Math.ceil(high / step + 0.5) * step];
  }

  /* What comes out for a normal input. */
  function outputs(subjects, state) {
    const [low, high] = ends(subjects, state.variance);
    const width = (high - low) / BINS;
    const found = subjects.map(({ sample }) =>
      Signal.histogram(sample, state.variance, low, high, BINS));
    const x = Array.from({ length: BINS + 1 }, (_, n) => low + n * width);
    const data = [x, ...found.map(({ shares }) => [...shares, shares[BINS - 1]].map(
      (share) => finite(share / width)))];
    const spread = found.flatMap(({ shares, single }) => [...shares].filter((_, bin) =>
      !single.some(([value]) => Math.abs(value - low - (bin + 0.5) * width) <= width)));
    current.top = 1.15 * Math.max(...spread, 1e-3) / width;
    const options = {
      scales: { x: { time: false }, y: { range: () => [0, current.top] } },
      series: [{}, ...subjects.map((one) => ({
        stroke: tint(one), width: 1.8, fill: `${tint(one)}2b`,
        paths: uPlot.paths.stepped({ align: 1 }), ...hidden,
      }))],
      axes: [across("output"), axis("density")], cursor: still,
    };
    put("outputs", key(subjects), { options, data });
    const told = found.flatMap(({ single }, n) => single.map(([value, share]) =>
      `${subjects[n].label}: ${Number((100 * share).toPrecision(3))} % are exactly ${short(value)}`));
    document.getElementById("single").textContent = told.join(" · ");
  }

  /* Where nearly all outputs lie, of all functions. */
  function ends(subjects, variance) {
    const reach = 3 * Math.sqrt(variance);
    const values = subjects.flatMap(({ sample }) =>
      [...sample.f].filter((value, n) => Math.abs(sample.x[n]) <= reach && Number.isFinite(value)));
    const low = Math.min(...values), high = Math.max(...values);
    if (!(high > low)) return [(low || 0) - 1, (low || 0) + 1];
    const edge = 0.04 * (high - low);
    return [Math.max(low - edge, -1e6), Math.min(high + edge, 1e6)];
  }

  /* What a layer makes of a variance. */
  function variances(subjects, state) {
    const x = Array.from({ length: 61 }, (_, n) => 10 ** ((n - 30) / 15));
    const data = [x, x, ...subjects.map((subject) => {
      const pair = Subjects.drawn(subject, state);
      return x.map((variance) => pair && positive(
        Signal.mapped(subject.sample, variance, pair.weight, pair.bias)));
    })];
    const logarithmic = { distr: 3, range: [1e-2, 1e2] };
    const options = {
      scales: { x: { time: false, ...logarithmic }, y: logarithmic },
      series: [{}, { stroke: ink("--faint"), width: 1.2, dash: [1, 4], ...hidden },
        ...lines(subjects)],
      axes: [across("variance of a layer", powers), axis("of the next", powers)],
      cursor: still,
    };
    put("variances", key(subjects), { options, data });
  }

  const positive = (value) => (value > 0 && value < Infinity ? value : null);
  const lines = (subjects) => subjects.map((one) => ({ stroke: tint(one), width: 2, ...hidden }));

  /* Variance and squared gradient through the layers. */
  function layers(subjects, state) {
    const found = subjects.map((subject) => {
      const pair = Subjects.drawn(subject, state);
      return pair
        ? Signal.layers(subject.sample, pair.weight, pair.bias, state.variance, DEPTH)
        : { variance: Array(DEPTH).fill(null), gradient: Array(DEPTH).fill(null) };
    });
    const x = Array.from({ length: DEPTH }, (_, n) => n + 1);
    for (const [id, part] of [["forward", "variance"], ["backward", "gradient"]]) {
      const rows = found.map((one) => one[part].map(positive));
      const decades = rows.flat().filter((value) => value !== null).map(Math.log10);
      const low = Math.max(Math.floor(Math.min(-1, ...decades)), -30);
      const high = Math.min(Math.ceil(Math.max(1, ...decades)), 15);
      current[id] = [10 ** low, 10 ** high];
      const options = {
        scales: { x: { time: false }, y: { distr: 3, range: () => current[id] } },
        series: [{}, ...lines(subjects)],
        axes: [across("layer"), axis(part === "variance" ? "variance" : "squared gradient", powers)],
        cursor: still,
      };
      put(id, key(subjects), { options, data: [x, ...rows] });
    }
  }

  return { functions, outputs, variances, layers, tint, dark, ORDERS };
})();
