"use strict";

/* What a person has chosen, and as the part of an address behind #, so that a link shows it again:
   #a=silu:beta=2&y=x*tanh(b*x);b=1.5&x=-6,6 */
const State = (() => {
  const WEIGHTS = ["recommended", "forward", "linear", "own"];
  const MOST = 8;

  const start = () => ({
    chosen: [
      { name: "relu", params: {} },
      { name: "silu", params: {} },
    ],
    from: -6, to: 6, orders: [true, true, true], variance: 1, weights: "recommended",
    gain: 1.4, bias: 0,
  });

  const settings = (params) =>
    Object.entries(params).map(([name, value]) => `${name}=${value}`).join(",");

  function written(state) {
    const parts = state.chosen.map(({ name, text, params }) => {
      const beside = settings(params), sign = name === undefined ? ";" : ":";
      const said = (name ?? text) + (beside && sign + beside);
      return [name === undefined ? "y" : "a", said];
    });
    const normal = start();
    if (state.from !== normal.from || state.to !== normal.to) {
      parts.push(["x", `${state.from},${state.to}`]);
    }
    const orders = state.orders.map((shown, order) => (shown ? order : "")).join("");
    if (orders !== "012") parts.push(["d", orders]);
    if (state.variance !== normal.variance) parts.push(["v", state.variance]);
    if (state.weights === "own") parts.push(["w", `${state.gain},${state.bias}`]);
    else if (state.weights !== normal.weights) parts.push(["w", state.weights]);
    return parts.map(([key, value]) => `${key}=${readable(value)}`).join("&");
  }

  /* Only what an address or its reader would misread. */
  const readable = (value) => String(value).replace(/[%&#+\s"<>`]/g, (c) =>
    `%${c.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`);

  /* Of an address that somebody may have typed: what says nothing is left out. */
  function read(hash) {
    const state = start(), chosen = [];
    for (const part of hash.replace(/^#/, "").split("&")) {
      const [key, ...rest] = part.split("=");
      const value = decoded(rest.join("="));
      const numbers = value.split(",").map(Number);
      const all = numbers.every(Number.isFinite) && value !== "";
      if (key === "a") chosen.push(apart(value, ":", (name) => ({ name })));
      if (key === "y") chosen.push(apart(value, ";", (text) => ({ text })));
      if (key === "x" && all && numbers.length === 2 && numbers[0] < numbers[1]) {
        [state.from, state.to] = numbers;
      }
      if (key === "d") state.orders = [0, 1, 2].map((order) => value.includes(order));
      if (key === "v" && all && numbers[0] > 0) [state.variance] = numbers;
      if (key === "w" && WEIGHTS.includes(value)) state.weights = value;
      if (key === "w" && all && numbers.length === 2 && numbers[0] > 0 && numbers[1] >= 0) {
        Object.assign(state, { weights: "own", gain: numbers[0], bias: numbers[1] });
      }
    }
    if (chosen.length) state.chosen = chosen.slice(0, MOST);
    return state;
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function apart(value, sign, named) {
    const [head, tail = ""] = value.split(sign, 2);
    const pairs = tail.split(",").map((each) => each.split("="));
    const params = pairs.filter(([name, number]) => name && Number.isFinite(Number(number)));
    return {
      ...named(head),
      params: Object.fromEntries(params.map(([name, number]) => [name, Number(number)])),
    };
  }

  return { start, read, written, MOST };
})();
