"use strict";

/* A card for every chosen function: what it is, and its parameters as sliders.

   An entry is {choice, subject, problem}: what was chosen, what it means, or why it means nothing. */
const Cards = (() => {
  const places = [];

  /* New cards for these entries. onChange: a choice has other words or parameters; onRemove: the
     choice at this index is to go. */
  function show(entries, { onChange, onRemove }) {
    places.length = 0;
    for (const [index, entry] of entries.entries()) {
      places.push(card(entry, index, onChange, () => onRemove(index)));
    }
    document.getElementById("chosen").replaceChildren(...places.map(({ made }) => made));
    update(entries);
  }

  /* The same cards where something has changed. */
  function update(entries) {
    entries.forEach(({ subject, problem }, index) => {
      const place = places[index];
      place.problem.textContent = problem;
      place.swatch.style.background = subject ? Charts.tint(subject) : "transparent";
      const names = subject ? Object.keys(subject.params).join() : place.names;
      if (names !== place.names) {
        place.names = names;
        place.fill(subject);
      }
    });
  }

  function card({ choice, subject }, index, onChange, onRemove) {
    const swatch = element("span", { class: "swatch" });
    const problem = element("p", { class: "problem", role: "status" });
    const sliders = element("div", { class: "sliders" });
    const called = subject?.record?.name ?? choice.name ?? `formula ${index + 1}`;
    const remove = element("button", { type: "button", onclick: onRemove }, "Remove");
    remove.setAttribute("aria-label", `Remove ${called}`);
    const head = element("div", { class: "head" }, swatch, element("strong", {}, called), remove);
    const made = element("li", { class: "card" }, head);
    if (choice.text === undefined) {
      made.append(element("code", {}, subject?.record.formula ?? ""));
    } else {
      const input = element("input", {
        type: "text", value: choice.text, spellcheck: "false", autocapitalize: "off",
        autocomplete: "off", "aria-label": `${called}, in x`,
        oninput: () => {
          choice.text = input.value;
          onChange();
        },
      });
      made.append(input);
    }
    made.append(problem, sliders);
    const fill = (anew) => sliders.replaceChildren(
      ...Object.keys(anew.params).map((name) => slider(called, choice, anew, name, onChange)),
    );
    return { made, problem, swatch, fill, names: "" };
  }

  /* A slider, and beside it the number, for one parameter. */
  function slider(called, choice, subject, name, onChange) {
    const { from, to } = Subjects.reach(subject, name);
    const value = subject.params[name];
    const refusal = (params) => {
      if (!Number.isFinite(params[name])) return "not a number";
      try {
        Subjects.check(subject.record, params);
        return "";
      } catch (error) {
        return error.message;
      }
    };
    const set = (wanted, other) => {
      number.setCustomValidity(refusal({ ...subject.params, ...choice.params, [name]: wanted }));
      if (!number.validity.valid) return;
      choice.params[name] = wanted;
      other.value = shown(wanted);
      onChange();
    };
    const range = element("input", {
      type: "range", min: from, max: to, step: "any", value, "aria-label": `${name} of ${called}`,
      oninput: () => set(rounded(Number(range.value), to - from), number),
    });
    const number = element("input", {
      type: "number", step: "any", value: shown(value),
      "aria-label": `${name} of ${called}, as a number`,
      oninput: () => set(number.valueAsNumber, range),
    });
    return element("div", { class: "slider" }, element("span", {}, name), range, number);
  }

  const shown = (value) => String(Number(value.toPrecision(6)));

  function rounded(value, span) {
    const digits = Math.max(0, 3 - Math.floor(Math.log10(span)));
    return Number(value.toFixed(Math.min(digits, 12)));
  }

  return { show, update, shown };
})();
