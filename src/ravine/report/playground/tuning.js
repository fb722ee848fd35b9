// Tuning lr, as ravine.watch does it: as many settings for every method, from several starts, judged on the end.

function logarithmic(u) {
  const [low, high] = KNOWN.lr.map(Math.log);
  return Number(Math.exp(low + u * (high - low)).toPrecision(3));
}

function startsAround(surface, start) {
  const within = (value, [low, high]) => Math.min(Math.max(value, low), high);
  const moved = KNOWN.around.map((share) =>
    surface.box.map((ends, i) => within(start[i] + share[i] * (ends[1] - ends[0]), ends)),
  );
  return [start, ...moved];
}

// A course that swings far out of the box and comes back has nothing to do with what is seen.
function strays(surface, course) {
  const [x, y] = course.points.subarray(2 * course.count - 2, 2 * course.count);
  if (!isInside(surface, x, y)) return false;
  for (let k = 0; k < course.count; k++)
    if (!isInside(surface, course.points[2 * k], course.points[2 * k + 1], KNOWN.astray)) return true;
  return false;
}

// How good a course is, the smaller the better: the digits of its end first, then when it was there.
function goodness(world, course) {
  if (course.outcome === "diverged" || strays(world.surface, course)) return Infinity;
  const lowest = lowestOf(world.surface);
  const values = course.values.subarray(0, course.count);
  const tiny = KNOWN.tiny * Math.max(Math.abs(values[0] - lowest), Number.MIN_VALUE);
  const last = world.noise > 0 ? Math.max(1, Math.round(KNOWN.last * values.length)) : 1;
  const reached = values.subarray(-last).reduce((sum, value) => sum + value, 0) / last;
  const height = Math.max(reached - lowest, tiny);
  const arrival = values.findIndex((value) => value <= Math.max(reached, lowest) + tiny);
  return Math.round(Math.log10(height) * 1e6) * 1e3 + Math.max(arrival, 0);
}

// Ranks from 1, those that are equal sharing the mean of theirs.
function ranks(keys) {
  const order = keys.map((_, i) => i).sort((a, b) => (keys[a] === keys[b] ? 0 : keys[a] < keys[b] ? -1 : 1));
  const found = new Array(keys.length);
  for (let i = 0, j = 0; i < order.length; i = j) {
    while (j < order.length && keys[order[j]] === keys[order[i]]) j++;
    for (let k = i; k < j; k++) found[order[k]] = (i + j + 1) / 2;
  }
  return found;
}

// The place in `rates` of the best: the fewest failed starts, then the smallest mean rank.
function bestOf(world, players, rates, starts) {
  const failures = new Array(rates.length).fill(0);
  const sums = new Array(rates.length).fill(0);
  for (const { rule, fields } of players)
    for (const start of starts) {
      const keys = rates.map((lr) => goodness(world, follow(rule, { ...fields, lr }, world, start)));
      ranks(keys).forEach((rank, i) => (sums[i] += rank));
      keys.forEach((key, i) => (failures[i] += key === Infinity));
    }
  const mean = sums.map((sum, i) => failures[i] * 1e6 + sum / (players.length * starts.length));
  return mean.indexOf(Math.min(...mean));
}

// The lr at which one method ends lowest, or the one that serves several best.
function tune(world, players, start) {
  const starts = startsAround(world.surface, start);
  const n = KNOWN.coarse - 1;
  const coarse = Array.from({ length: n + 1 }, (_, i) => logarithmic(i / n));
  const best = bestOf(world, players, coarse, starts);
  const low = Math.max(best - 1, 0) / n;
  const high = Math.min(best + 1, n) / n;
  const fine = Array.from({ length: KNOWN.fine }, (_, i) => logarithmic(low + ((high - low) * (i + 1)) / (KNOWN.fine + 1)));
  const rates = [...fine, coarse[best]];
  return rates[bestOf(world, players, rates, starts)];
}
