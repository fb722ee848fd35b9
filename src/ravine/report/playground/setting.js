// What is set, and what follows from it before anybody has moved.

const find = (id) => document.getElementById(id);
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const methodOf = (name) => METHODS.find((method) => method.name === name);
const surfaceOf = (name) => SURFACES.find((surface) => surface.name === name);
const BUDGET = 200;
const LEAST_NOISE = -3;

const state = {};
let shown = []; // the methods that are ticked, with their courses
let scale = null;
let playing = false;
let before = 0;
let told = 0; // when the step was last told of: while playing, no eye follows more
const tuned = new Map(); // lr by surface and method, at the usual start

function defaults() {
  const surface = SURFACES[0];
  return {
    surface: surface.name, start: [...surface.start], budget: BUDGET, at: BUDGET, noise: 0, seed: 0, speed: 25,
    chosen: KNOWN.first[KNOWN.first.length - 1], same: null, on: new Set(KNOWN.first), fields: {},
  };
}

const world = () => ({ surface: surfaceOf(state.surface), noise: state.noise, seed: state.seed, budget: state.budget });
const calm = (surface) => ({ surface, noise: 0, seed: 0, budget: BUDGET });

function valuesOf(rule) {
  return Object.fromEntries(Object.entries(rule.fields).map(([name, known]) => [name, known.value]));
}

// The lr of a method alone on a surface, from where one usually starts there.
function usual(surface, method) {
  const name = `${surface.name} ${method.name}`;
  if (!tuned.has(name)) {
    const players = [{ rule: method.rule, fields: valuesOf(method.rule) }];
    tuned.set(name, tune(calm(surface), players, [...surface.start]));
  }
  return tuned.get(name);
}

// The one lr that serves those who are ticked best, from there.
function usualForAll(surface) {
  const players = METHODS.filter(({ name }) => state.on.has(name)).map(({ rule }) => ({ rule, fields: valuesOf(rule) }));
  const name = `${surface.name} all ${[...state.on].sort()}`;
  if (!tuned.has(name)) tuned.set(name, players.length ? tune(calm(surface), players, [...surface.start]) : 0.01);
  return tuned.get(name);
}

function fieldsOf(method) {
  const fields = state.fields[method.name];
  return state.same === null ? fields : { ...fields, lr: state.same };
}

function prepare(method) {
  if (!state.fields[method.name]) state.fields[method.name] = { ...valuesOf(method.rule), lr: usual(world().surface, method) };
}
