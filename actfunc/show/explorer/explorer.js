"use strict";

/* The page: controls change the state, and everything that is shown follows from the state. */
(() => {
  const { DATA, short } = Subjects;
  const $ = (id) => document.getElementById(id);
  let state = State.read(location.hash);
  let entries = [];

  /* What the choices mean; what has not changed is not computed again. */
  function understand() {
    const before = new Map(entries.map(({ choice, subject }) => [choice, subject]));
    entries = state.chosen.map((choice) => {
      try {
        const meant = Subjects.understood(choice), kept = before.get(choice);
        const subject = kept?.key === meant.key ? kept : Subjects.computed(meant);
        return { choice, subject, problem: "" };
      } catch (error) {
        if (!(error instanceof Formula.FormulaError)) throw error;
        return { choice, subject: null, problem: error.message };
      }
    });
    Subjects.colour(subjects());
  }

  const subjects = () => entries.map(({ subject }) => subject).filter(Boolean);

  function cards() {
    understand();
    Cards.show(entries, {
      onChange: refresh,
      onRemove: (index) => {
        state.chosen.splice(index, 1);
        cards();
        ($("chosen").children[index]?.querySelector("button") ?? $("pick")).focus();
      },
    });
    refresh();
  }

  let waiting = false;
  /* Once a frame, however often something changes. */
  function refresh() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  function draw() {
    understand();
    Cards.update(entries);
    const all = subjects();
    Charts.functions(all, state, { onPoint: readOut, onRange: look });
    Charts.outputs(all, state);
    Charts.variances(all, state);
    Charts.layers(all, state);
    Numbers.show(all);
    $("named").replaceChildren(...all.map((one) => {
      const name = element("span", {}, one.label);
      name.style.borderColor = Charts.tint(one);
      return name;
    }));
    history.replaceState(null, "", `#${State.written(state)}`);
    document.body.dataset.drawn = Number(document.body.dataset.drawn ?? 0) + 1;
  }

  function look(from, to) {
    const digits = 1 - Math.floor(Math.log10(to - from));
    const [low, high] = [from, to].map((end) => Number(end.toFixed(Math.max(0, digits))));
    if (low < high) Object.assign(state, { from: low, to: high });
    settings();
    refresh();
  }

  /* Values under the pointer. */
  function readOut(x) {
    if (x === null) {
      $("readout").textContent = "Point at the picture to read values; drag across it to look closer.";
      return;
    }
    const parts = subjects().map((one) => {
      const values = one.at(x).map((value, order) => `${Charts.ORDERS[order]} ${short(value)}`);
      const told = values.filter((_, order) => state.orders[order]).join(", ");
      const part = element("span", {}, `${one.label}: ${told}`);
      part.style.borderColor = Charts.tint(one);
      return part;
    });
    $("readout").replaceChildren(element("span", {}, `x = ${short(x)}`), ...parts);
  }

  /* The controls as the state has them. */
  function settings() {
    const values = {
      from: state.from, to: state.to, variance: Math.log10(state.variance),
      "variance-number": Cards.shown(state.variance), weights: state.weights, gain: state.gain,
      bias: state.bias,
    };
    for (const [id, value] of Object.entries(values)) $(id).value = value;
    state.orders.forEach((drawn, order) => { $(`order-${order}`).checked = drawn; });
    $("own").hidden = state.weights !== "own";
  }

  function add(choice) {
    const full = state.chosen.length >= State.MOST;
    $("told").textContent = full ? `At most ${State.MOST} functions: remove one first.` : "";
    if (full) return;
    state.chosen.push(choice);
    cards();
  }

  function listen() {
    const on = (id, event, action) => $(id).addEventListener(event, action);
    on("add", "click", () => add({ name: $("pick").value, params: {} }));
    on("type", "click", () => {
      add({ text: "x * tanh(b * x)", params: {} });
      const input = $("chosen").lastElementChild.querySelector("input");
      input.focus();
      input.select();
    });
    on("whole", "click", () => look(State.start().from, State.start().to));
    state.orders.forEach((_, order) => on(`order-${order}`, "input", (event) => {
      state.orders[order] = event.target.checked;
      refresh();
    }));
    on("variance", "input", () => {
      state.variance = Number((10 ** Number($("variance").value)).toPrecision(2));
      settings();
      refresh();
    });
    on("weights", "input", () => {
      state.weights = $("weights").value;
      settings();
      refresh();
    });
    const numbers = {
      from: (value) => value < state.to && { from: value },
      to: (value) => value > state.from && { to: value },
      "variance-number": (value) => value > 0 && value < 1e6 && { variance: value },
      gain: (value) => value > 0 && value < 1e6 && { gain: value },
      bias: (value) => value >= 0 && value < 1e6 && { bias: value },
    };
    for (const [id, taken] of Object.entries(numbers)) {
      on(id, "input", () => {
        const change = taken($(id).valueAsNumber);
        $(id).setCustomValidity(change ? "" : "not a value that it can have");
        if (!change) return;
        Object.assign(state, change);
        if (change.variance) $("variance").value = Math.log10(change.variance);
        refresh();
      });
    }
    on("share", "click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        $("told").textContent = "The link is copied.";
      } catch {
        $("told").textContent = "The link is the address of this page, as it stands now.";
      }
    });
    addEventListener("hashchange", () => {
      state = State.read(location.hash);
      settings();
      cards();
    });
    Charts.dark.addEventListener("change", refresh);
  }

  function start() {
    const families = new Map();
    for (const { name, family } of DATA.records) {
      if (!families.has(family)) families.set(family, element("optgroup", { label: family }));
      families.get(family).append(element("option", { value: name }, name));
    }
    $("pick").append(...families.values());
    $("pick").value = "gelu";
    listen();
    settings();
    readOut(null);
    cards();
  }

  start();
})();
