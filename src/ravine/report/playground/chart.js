// The chart: height above the lowest value against evaluations.

const MARGIN = { left: 58, top: 36, bottom: 54 };

// Room for the widest of the names, which stand right of their lines.
const BESIDE = 12;
const rightOf = (shown) => 2 * BESIDE + Math.max(24, ...shown.map(({ method }) => widthOf(method.name)));

// Where heights lie on the chart: logarithmic above the value of a minimum, linear above the lowest in the box.
// A height that it does not show lies beyond its edge, where lines leave it.
function scaleOf(surface, shown, width, height) {
  const isLog = surface.minima.length > 0;
  const heights = shown.flatMap(({ course }) => Array.from(course.values.subarray(0, course.count), (value) => heightOf(surface, value)));
  const [low, high] = isLog ? decadesOf(heights) : boundsOf(heights);
  const inside = height - MARGIN.top - MARGIN.bottom;
  const y = (value) => {
    const place = isLog ? (value > 0 ? Math.log10(value) : -Infinity) : value;
    const share = Math.max(-1, Math.min(2, (place - low) / (high - low)));
    return MARGIN.top + inside * (1 - share);
  };
  const right = width - rightOf(shown);
  const x = (evaluations, budget) => MARGIN.left + ((right - MARGIN.left) * evaluations) / budget;
  const isLeft = heights.some((value) => y(value) > height - MARGIN.bottom + 1);
  return { isLog, isLeft, low, high, right, x, y };
}

const lowestIn = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const highestIn = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

// From the lowest height above zero, or where rounding begins to decide, to the highest, or not far above the start.
function decadesOf(heights) {
  const start = heights[0] > 0 ? heights[0] : 1;
  const above = heights.filter((value) => value > 0);
  const low = Math.log10(Math.max(Math.min(lowestIn(above), start), KNOWN.floor * start));
  const high = Math.log10(Math.min(Math.max(highestIn(above), start), 30 * start));
  return [Math.min(low, high - 0.5), high];
}

// What lies below the box's lowest value, the chart does not show.
function boundsOf(heights) {
  const start = heights[0] > 0 ? heights[0] : 1;
  return [0, Math.min(Math.max(highestIn(heights), start), 4 * start)];
}

function drawChart(canvas, surface, shown, at, budget, chosen, scale, isPlaying) {
  const { brush, width, height } = sharp(canvas);
  drawFrame(brush, scale, height, budget, surface);
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const place = (course) => (k) => [scale.x(k * course.per, budget), scale.y(heightOf(surface, course.values[k]))];
  brush.save();
  brush.beginPath();
  brush.rect(0, top - 2, width, bottom - top + 4);
  brush.clip();
  drawTrails(canvas, brush, shown, at, chosen, place, isPlaying);
  brush.restore();
  const heads = shown.map(({ method, course }) => ({ method, at: place(course)(reachedBy(course, at) - 1) }));
  for (const head of heads) drawHead(brush, head, top, bottom, head.method.name === chosen);
  drawLabels(brush, placeNames(heads, scale.right, height));
}

// A marker where a line is now; at the edge, with a triangle that points out of it, where the line has left the chart.
function drawHead(brush, { method, at: [x, y] }, top, bottom, isChosen) {
  const paper = KNOWN.paper[night.matches ? "dark" : "light"];
  const color = ink(method.color);
  if (y > bottom + 1) drawMark(brush, "M-5-3h10L0 4Z", x, bottom + 13, 1, color, paper);
  if (y < top - 1) drawMark(brush, "M-5 3h10L0-4Z", x, top - 13, 1, color, paper);
  drawMark(brush, method.mark, x, Math.max(top, Math.min(bottom, y)), isChosen ? 1.2 : 1, color, paper);
}

// Round heights for the axis: powers of ten; where these are few, 2 and 5 times them, too; within one of them, even steps.
function heightTicks(low, high) {
  if (high - low < 1) return ticksOf(10 ** low, 10 ** high, 6);
  const every = Math.ceil((high - low) / 6);
  const found = [];
  for (let k = Math.floor(low); k <= high; k++)
    if (k % every === 0) found.push(...(high - low < KNOWN.fewDecades ? [1, 2, 5] : [1]).map((step) => Number(`${step}e${k}`)));
  return found.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
}

// As many as stand beside each other with room between them.
const evaluationTicks = (scale, budget) => ticksOf(0, budget, Math.max(2, Math.min(4, Math.floor((scale.right - MARGIN.left) / 60))));

function drawFrame(brush, scale, height, budget, surface) {
  const [grid, faint] = [ink(KNOWN.quiet.grid), ink(KNOWN.quiet.faint)];
  brush.lineWidth = 1;
  brush.strokeStyle = grid;
  const marks = scale.isLog ? heightTicks(scale.low, scale.high) : ticksOf(scale.low, scale.high, 6);
  for (const tick of marks) {
    const y = scale.y(tick);
    brush.beginPath();
    brush.moveTo(MARGIN.left, y);
    brush.lineTo(scale.right, y);
    brush.stroke();
    tickWord(brush, short(tick), MARGIN.left - 8, y, "right", faint);
  }
  const bottom = height - MARGIN.bottom;
  brush.strokeStyle = ink(KNOWN.quiet.axis);
  brush.beginPath();
  brush.moveTo(MARGIN.left, bottom);
  brush.lineTo(scale.right, bottom);
  brush.stroke();
  const under = bottom + (scale.isLeft ? 27 : 18);
  for (const tick of evaluationTicks(scale, budget)) tickWord(brush, `${tick}`, scale.x(tick, budget), under, "center", faint);
  tickWord(brush, "gradient evaluations", scale.x(budget / 2, budget), height - 8, "center", faint);
  const origin = ["the lowest value in the box", "the value at the minimum"][surface.minima.length] ?? "the value at the deepest minimum";
  const from = `height above ${short(lowestOf(surface))}, ${origin}`;
  tickWord(brush, from, 4, 10, "left", faint);
}

// Where the names of the lines stand: right of them, moved apart where they would touch, and closer where they are many.
function placeNames(heads, right, height) {
  const [top, bottom] = [MARGIN.top - 4, height - MARGIN.bottom + 2];
  const words = heads.map(({ method, at: [x, y] }) => ({
    text: method.name, color: ink(method.color), x: Math.min(x, right) + BESIDE, y, width: widthOf(method.name),
  }));
  words.sort((a, b) => a.y - b.y);
  const gap = Math.min(16, (bottom - top) / Math.max(1, words.length - 1));
  const pairs = words.flatMap((a, k) => words.slice(k + 1).map((b) => [a, b])).filter(([a, b]) => a.x < b.x + b.width && b.x < a.x + a.width);
  for (let round = 0; round < 60; round++)
    for (const [a, b] of pairs) {
      const lack = gap - (b.y - a.y);
      if (lack > 0) [a.y, b.y] = [a.y - lack / 2, b.y + lack / 2];
    }
  for (const word of words) word.y = Math.max(word.y, top);
  for (const [a, b] of pairs) b.y = Math.max(b.y, a.y + gap);
  for (const word of words) word.y = Math.min(word.y, bottom);
  for (const [a, b] of pairs.toReversed()) a.y = Math.min(a.y, b.y - gap);
  return words;
}
