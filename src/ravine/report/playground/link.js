// The address: everything that was set stands behind its #, and is read back from there with suspicion.

const plain = (text) => encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2C", ",");

function linkOf(state) {
  const players = METHODS.filter(({ name }) => state.on.has(name)).map(({ name, rule }) => {
    const fields = state.fields[name];
    const moved = Object.keys(fields).filter((field) => field === "lr" || fields[field] !== rule.fields[field].value);
    return `${plain(name)}(${moved.map((field) => `${field}=${fields[field]}`).join(",")})`;
  });
  const parts = {
    surface: state.surface, start: state.start.join(","), steps: state.budget, at: Math.floor(state.at), noise: state.noise,
    seed: state.seed, speed: state.speed, step: plain(state.chosen), methods: players.join(";"),
  };
  if (state.same !== null) parts.same = state.same;
  return Object.entries(parts).map(([name, value]) => `${name}=${value}`).join("&");
}

// A number as the page writes it, and nothing else that Number would take.
function readNumber(text, low = -Infinity, high = Infinity) {
  if (!/^-?\d{1,40}(\.\d{1,40})?(e[-+]?\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= low && value <= high ? value : undefined;
}

const readWhole = (text, low, high) => (/^\d{1,9}$/.test(text) ? readNumber(text, low, high) : undefined);

function fits(known, value) {
  const above = known.low === null || (known.lowOpen ? value > known.low : value >= known.low);
  const below = known.high === null || (known.highOpen ? value < known.high : value <= known.high);
  return Number.isFinite(value) && above && below && (!known.whole || Number.isInteger(value));
}

function readPlayer(text) {
  const found = /^([\w+-]{1,40})\(([\w=.,+-]{0,400})\)$/.exec(text);
  const method = found && METHODS.find(({ name }) => name === found[1].replaceAll("+", " "));
  if (!method) return undefined;
  const fields = {};
  for (const part of found[2] ? found[2].split(",") : []) {
    const [field, number, more] = part.split("=");
    const known = Object.hasOwn(method.rule.fields, field) ? method.rule.fields[field] : undefined;
    const value = readNumber(number ?? "");
    if (!known || more !== undefined || value === undefined || !fits(known, value)) return undefined;
    fields[field] = value;
  }
  return { name: method.name, fields };
}

function readStart(text, surface) {
  const numbers = text.split(",").map((part) => readNumber(part));
  return numbers.length === 2 && !numbers.includes(undefined) && isInside(surface, ...numbers) ? numbers : undefined;
}

// Each part's reader; what it cannot make sense of is undefined.
const READERS = {
  surface: (text) => SURFACES.find(({ name }) => name === text)?.name,
  start: (text, found) => readStart(text, SURFACES.find(({ name }) => name === found.surface) ?? SURFACES[0]),
  steps: (text) => readWhole(text, 1, 2000),
  at: (text, found) => readWhole(text, 0, found.steps ?? 200),
  noise: (text) => readNumber(text, 0, 1e6),
  seed: (text) => readWhole(text, 0, 999999),
  speed: (text) => readWhole(text, 1, 1000),
  step: (text) => METHODS.find(({ name }) => name === text.replaceAll("+", " "))?.name,
  methods: (text) => {
    const players = text === "" ? [] : text.split(";").map(readPlayer);
    return players.includes(undefined) ? undefined : players;
  },
  same: (text) => readNumber(text, 0, 1e9),
};

// Reads an address: what could be read, and the names of the parts that could not.
function readLink(text) {
  const given = new Map();
  const damaged = new Set();
  try {
    text = decodeURIComponent(text);
  } catch {
    return { found: {}, damaged: ["all of it"] };
  }
  for (const part of text.replace(/^#/, "").slice(0, 8000).split("&").filter(Boolean)) {
    const place = part.indexOf("=");
    const name = part.slice(0, place);
    if (place > 0 && Object.hasOwn(READERS, name) && !given.has(name)) given.set(name, part.slice(place + 1));
    else damaged.add("something unknown");
  }
  const found = {};
  for (const name of Object.keys(READERS)) {
    if (!given.has(name)) continue;
    const value = READERS[name](given.get(name), found);
    if (value === undefined) damaged.add(name);
    else found[name] = value;
  }
  return { found, damaged: [...damaged] };
}
