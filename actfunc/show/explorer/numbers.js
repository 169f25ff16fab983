"use strict";

/* The table of figures, a column for each function. */
const Numbers = (() => {
  const { short } = Subjects;

  const interval = ([low, high]) =>
    (Number.isNaN(low) ? "not defined everywhere" : `${short(low)} to ${short(high)}`);

  function listed(joints) {
    if (joints.length === 0) return "none";
    const first = joints.slice(0, 4).map(short).join(", ");
    return joints.length > 4 ? `${first}, … (${joints.length} found)` : first;
  }

  const given = (value) => (value === undefined || value === null ? "none" : short(value));

  const ROWS = [
    ["range", "the values it takes", (one) => interval(one.range)],
    ["joints", "where it or a derivative jumps", (one) => listed(one.joints)],
    ["towards −∞", "what it comes close to", (one) => one.sides[0]?.text ?? "none"],
    ["towards +∞", "", (one) => one.sides[1]?.text ?? "none"],
    ["E[f]", "the mean output for inputs from N(0, 1)", (one) => short(one.moments.mean)],
    ["E[f²]", "the mean square of the outputs", (one) => short(one.moments.square)],
    ["E[f′²]", "what a gradient's square is multiplied by", (one) => short(one.moments.slope)],
    ["gain for values", "1/√E[f²]: σ_w that keeps variance 1 without biases",
      (one) => given(one.recommended?.forward)],
    ["gain for gradients", "1/√E[f′²]: σ_w that keeps gradients at variance 1",
      (one) => given(one.recommended?.backward)],
    ["recommended σ_w", "of weights from N(0, σ_w²/inputs), as in actfunc signal",
      (one) => given(one.recommended?.weight)],
    ["recommended σ_b", "of biases from N(0, σ_b²)", (one) => given(one.recommended?.bias)],
    ["keeps variance", "of the pre-activations, from layer to layer", kept],
  ];

  function kept({ recommended: found }) {
    if (!found) return "none";
    const beside = found.good ? "and gradients" : "only";
    return `${short(found.variance)} ${beside}${found.growth > 1 + 1e-6 ? ", unstable" : ""}`;
  }

  function show(subjects) {
    const head = subjects.map((one) => {
      const name = element("th", { scope: "col" }, one.label);
      name.style.borderBottomColor = Charts.tint(one);
      return name;
    });
    const rows = ROWS.map(([name, meaning, cell]) => element("tr", {},
      element("th", { scope: "row", title: meaning }, name, element("small", {}, meaning)),
      ...subjects.map((one) => element("td", {}, cell(one)))));
    document.getElementById("numbers").replaceChildren(
      element("thead", {}, element("tr", {}, element("td"), ...head)),
      element("tbody", {}, ...rows),
    );
  }

  return { show };
})();
