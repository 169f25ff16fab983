"use strict";

/* The project's language of formulas, read by a whitelist as Python's `certify.formula` reads it,
   into the same trees: {number: "1/2"}, a symbol's name, or [name, argument, …]. */
const Formula = (() => {
  const MAX_LENGTH = 1000, MAX_DEPTH = 64, MAX_EXPONENT = 64, MAX_BRACKETS = 200;
  const ARITY = Object.assign(Object.create(null), {
    abs: 1, asinh: 1, atan: 1, cos: 1, cosh: 1, erf: 1, erfc: 1, exp: 1, expm1: 1, log: 1,
    log1p: 1, max: 2, min: 2, sigmoid: 1, sign: 1, sin: 1, sinc: 1, sinh: 1, softplus: 1, sqrt: 1,
    tan: 1, tanh: 1,
  });
  const COMPARISONS = ["<=", ">=", "<", ">"];
  const CONDITIONS = new Set([...COMPARISONS, "and", "or"]);
  const CONSTANTS = ["pi", "e"];
  const PYTHON_WORDS = new Set(
    ("False None True and as assert async await break class continue def del elif else except " +
      "finally for from global if import in is lambda nonlocal not or pass raise return try " +
      "while with yield").split(" "),
  );
  const NUMBER = String.raw`(?:\d+(?:_\d+)*)`;
  const TOKEN = new RegExp(
    String.raw`\s*(?:(?<number>${NUMBER}?\.${NUMBER}(?:[eE][+-]?${NUMBER})?|` +
      String.raw`${NUMBER}\.?(?:[eE][+-]?${NUMBER})?)|(?<word>[A-Za-z_]\w*)|` +
      String.raw`(?<sign>\*\*|<=|>=|[-+*/()<>,])|(?<other>\S))`,
    "y",
  );

  class FormulaError extends Error {}
  const refuse = (why) => { throw new FormulaError(why); };

  function tokens(text) {
    if (text.length > MAX_LENGTH) {
      refuse(`a formula has at most ${MAX_LENGTH} characters, this one ${text.length}`);
    }
    const strange = /[^\w \t\n\r\f\v.+\-*/()<>=,]/u.exec(text);
    if (strange) refuse(`the character '${strange[0]}' is not accepted`);
    const found = [], end = text.trimEnd().length;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < end) {
      const { number, word, sign, other } = TOKEN.exec(text).groups;
      if (other !== undefined) refuse(`the character '${other}' is not accepted`);
      const kind = number !== undefined ? "number" : word === undefined ? "sign" : "word";
      found.push({ kind, text: number ?? word ?? sign });
    }
    return found;
  }

  /* The names that a text uses and the language does not know: what may be parameters. */
  function unknownNames(text) {
    const found = tokens(text), names = new Set();
    found.forEach(({ kind, text: word }, index) => {
      const called = found[index + 1]?.text === "(";
      const known = word === "x" || CONSTANTS.includes(word) || word in ARITY;
      if (kind === "word" && !called && !known && !PYTHON_WORDS.has(word)) names.add(word);
    });
    return [...names];
  }

  /* Precedences are Python's. What comes out has still to be checked. */
  function syntaxOf(text) {
    const found = tokens(text);
    let at = 0, brackets = 0;
    const peek = () => found[at]?.text;
    const isWord = (word) => found[at]?.kind === "word" && peek() === word;
    const take = () => found[at++];
    const expect = (sign) => {
      if (peek() !== sign) refuse(`'${sign}' is missing before ${shown()}`);
      at += 1;
    };
    const shown = () => (at < found.length ? `'${peek()}'` : "the end");

    function choice() {
      const body = either();
      if (!isWord("if")) return body;
      at += 1;
      const test = either();
      if (!isWord("else")) refuse(`after 'if' and its comparison stands 'else', not ${shown()}`);
      at += 1;
      return ["if", test, body, choice()];
    }

    // a run of the same word is one level deep, as in Python's own trees
    const run = (word, part) => () => {
      const parts = [part()];
      while (isWord(word)) {
        at += 1;
        parts.push(part());
      }
      return parts.length === 1 ? parts[0] : { joined: word, parts };
    };

    function comparison() {
      const parts = [arithmetic()], signs = [];
      while (COMPARISONS.includes(peek())) {
        signs.push(take().text);
        parts.push(arithmetic());
      }
      return signs.length ? { signs, parts } : parts[0];
    }

    const both = run("and", comparison), either = run("or", both);

    const leftToRight = (signs, part) => () => {
      let left = part();
      while (signs.includes(peek())) {
        const sign = take().text;
        left = [sign, left, part()];
      }
      return left;
    };

    function signed() {
      if (peek() === "-" || peek() === "+") {
        const sign = take().text;
        return { sign, operand: signed() };
      }
      const base = primary();
      if (peek() !== "**") return base;
      at += 1;
      return ["**", base, signed()];
    }

    const term = leftToRight(["*", "/"], signed), arithmetic = leftToRight(["+", "-"], term);

    function primary() {
      const token = take();
      if (token === undefined) refuse("it ends where a number, x or a function should stand");
      const { kind, text: word } = token;
      if (kind === "number") return { literal: word };
      if (kind === "word") return word in ARITY || peek() === "(" ? call(word) : named(word);
      if (word !== "(") refuse(`'${word}' stands where a number, x or a function should`);
      brackets += 1;
      if (brackets > MAX_BRACKETS) refuse("it is nested too deeply");
      const inner = choice();
      if (peek() === ",") refuse("a tuple is not accepted");
      expect(")");
      brackets -= 1;
      if (peek() === "(") refuse("a bracket cannot be called");
      return inner;
    }

    function named(word) {
      if (word === "not") refuse("`not` is not accepted");
      if (PYTHON_WORDS.has(word)) refuse(`'${word}' cannot stand here`);
      return { symbol: word };
    }

    function call(word) {
      if (peek() !== "(") refuse(`the name '${word}' is not accepted without arguments, ` +
        `as in ${word}(x)`);
      if (!(word in ARITY)) refuse(`the function '${word}' is not accepted`);
      at += 1;
      const given = [];
      while (peek() !== ")") {
        given.push(choice());
        if (peek() !== ",") break;
        at += 1;
      }
      expect(")");
      if (given.length !== ARITY[word]) {
        refuse(`${word} takes ${ARITY[word]} argument(s), not ${given.length}`);
      }
      return [word, ...given];
    }

    const all = choice();
    if (at < found.length) refuse(`${shown()} cannot stand where it does`);
    return all;
  }

  /* The tree of a text in x and these parameters. Throws FormulaError. */
  function parse(text, params = []) {
    const taken = params.find((name) => name === "x" || CONSTANTS.includes(name) || name in ARITY);
    if (taken !== undefined) refuse(`a parameter cannot be called '${taken}': the word is taken`);

    function number(node, depth) {
      const tree = read(node, depth);
      if (CONDITIONS.has(tree[0]) && Array.isArray(tree)) {
        refuse("a comparison stands only between `if` and `else`");
      }
      return tree;
    }

    function condition(node, depth) {
      const tree = read(node, depth);
      if (Array.isArray(tree) && CONDITIONS.has(tree[0])) return tree;
      return refuse("between `if` and `else` stands a comparison, such as `x > 0`");
    }

    function read(node, depth) {
      if (depth > MAX_DEPTH) refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
      const below = depth + 1;
      if (node.literal !== undefined) return { number: Fractions.text(literal(node.literal)) };
      if (node.symbol !== undefined) {
        if (node.symbol !== "x" && ![...CONSTANTS, ...params].includes(node.symbol)) {
          refuse(`the name '${node.symbol}' is not accepted`);
        }
        return node.symbol;
      }
      if (node.sign !== undefined) {
        const inner = number(node.operand, below);
        return node.sign === "-" ? ["neg", inner] : inner;
      }
      const joined = (word, parts) => parts.reduce((left, right) => [word, left, right]);
      if (node.joined !== undefined) {
        return joined(node.joined, node.parts.map((part) => condition(part, below)));
      }
      if (node.signs !== undefined) {
        const values = node.parts.map((part) => number(part, below));
        return joined("and", node.signs.map((sign, n) => [sign, values[n], values[n + 1]]));
      }
      const [name, ...given] = node;
      if (name === "if") {
        return [name, condition(given[0], below), number(given[1], below), number(given[2], below)];
      }
      const values = given.map((value) => number(value, below));
      if (name === "**") Fractions.checkExponent(...values, params, MAX_EXPONENT);
      return [name, ...values];
    }

    return number(syntaxOf(text), 0);
  }

  /* A number exactly as written in decimal, as [numerator, denominator]. */
  function literal(digits) {
    const plain = digits.replaceAll("_", "").toLowerCase();
    const [mantissa, power = "0"] = plain.split("e");
    const [whole, behind = ""] = mantissa.split(".");
    if (/^0\d*[1-9]\d*$/.test(plain)) refuse(`'${digits}' begins with a 0`);
    const value = Number(plain);
    if (/[1-9]/.test(mantissa) && !(value > 1e-300 && value < 1e300)) {
      refuse("numbers lie between 1e-300 and 1e300");
    }
    const exponent = value === 0 ? 0n : BigInt(power) - BigInt(behind.length);
    const ten = 10n ** (exponent < 0n ? -exponent : exponent);
    const all = BigInt(whole + behind || "0");
    return Fractions.reduced(exponent < 0n ? [all, ten] : [all * ten, 1n]);
  }

  return { parse, unknownNames, FormulaError, refuse };
})();
