// What the map, the chart and the lens share: inks, sizes, contours, numbers in words.

const night = matchMedia("(prefers-color-scheme: dark)");
const ink = (color) => (night.matches ? color.dark : color.light);
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

// Three significant digits with a true minus sign; never NaN or Infinity.
function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  let text;
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) text = value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
  else text = String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "\u2212");
}

const pair = (x, y) => `(${short(x)}, ${short(y)})`;

// Makes a canvas as sharp as the screen and gives what draws on it, in CSS pixels.
function sharp(canvas) {
  const scale = Math.min(devicePixelRatio || 1, 3);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const brush = canvas.getContext("2d");
  brush.setTransform(scale, 0, 0, scale, 0, 0);
  brush.clearRect(0, 0, width, height);
  return { brush, width, height, scale };
}

// The field of a surface over a view: heights as logarithms, on a grid of n by m points.
function fieldOver(surface, view, n, m, floor) {
  const lowest = lowestOf(surface);
  const field = new Float64Array(n * m);
  for (let j = 0; j < m; j++)
    for (let i = 0; i < n; i++) {
      const x = view.left + ((view.right - view.left) * i) / (n - 1);
      const y = view.top + ((view.bottom - view.top) * j) / (m - 1);
      field[j * n + i] = floor === null ? surface.value([x, y]) : Math.log(Math.max(surface.value([x, y]) - lowest, floor));
    }
  return field;
}

// Contours by marching squares: for each level a list of x, y, x, y, in steps of the grid.
function contours(field, n, m, levels) {
  const lines = levels.map(() => []);
  const edge = (a, b, level) => (level - a) / (b - a);
  for (let j = 0; j + 1 < m; j++)
    for (let i = 0; i + 1 < n; i++) {
      const a = field[j * n + i];
      const b = field[j * n + i + 1];
      const c = field[(j + 1) * n + i + 1];
      const d = field[(j + 1) * n + i];
      const low = Math.min(a, b, c, d);
      const high = Math.max(a, b, c, d);
      for (let k = 0; k < levels.length; k++) {
        const level = levels[k];
        if (level <= low || level > high) continue;
        const cut = [];
        if (a < level !== b < level) cut.push(i + edge(a, b, level), j);
        if (b < level !== c < level) cut.push(i + 1, j + edge(b, c, level));
        if (d < level !== c < level) cut.push(i + edge(d, c, level), j + 1);
        if (a < level !== d < level) cut.push(i, j + edge(a, d, level));
        for (let s = 0; s + 3 < cut.length; s += 4) lines[k].push(cut[s], cut[s + 1], cut[s + 2], cut[s + 3]);
      }
    }
  return lines;
}

function strokeContours(brush, lines, stepX, stepY) {
  brush.beginPath();
  for (const line of lines)
    for (let s = 0; s < line.length; s += 4) {
      brush.moveTo(line[s] * stepX, line[s + 1] * stepY);
      brush.lineTo(line[s + 2] * stepX, line[s + 3] * stepY);
    }
  brush.stroke();
}

// Places of whole, readable numbers along an axis.
function ticksOf(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

const outlines = new Map();
function outlined(path) {
  if (!outlines.has(path)) outlines.set(path, new Path2D(path));
  return outlines.get(path);
}

// A method's marker, with a rim of paper so that it is seen on any line.
function drawMark(brush, path, x, y, size, fill, rim) {
  brush.save();
  brush.translate(x, y);
  brush.scale(size, size);
  brush.lineJoin = "round";
  brush.lineWidth = 3 / size;
  brush.strokeStyle = rim;
  brush.setLineDash([]);
  brush.stroke(outlined(path));
  brush.fillStyle = fill;
  brush.fill(outlined(path));
  brush.restore();
}

// A line through places that are on the screen far enough apart to be told apart; gives how long it is.
function trace(brush, from, to, place) {
  let [x0, y0] = place(from);
  let length = 0;
  brush.beginPath();
  brush.moveTo(x0, y0);
  for (let k = from + 1; k <= to; k++) {
    const [x, y] = place(k);
    if (k < to && Math.abs(x - x0) < 0.5 && Math.abs(y - y0) < 0.5) continue;
    brush.lineTo(x, y);
    length += Math.hypot(x - x0, y - y0);
    [x0, y0] = [x, y];
  }
  return length;
}

function strokeMethod(brush, method, width, offset) {
  brush.lineJoin = "round";
  brush.lineCap = "butt";
  brush.strokeStyle = KNOWN.paper[night.matches ? "dark" : "light"];
  brush.globalAlpha = 0.75;
  brush.lineWidth = width + 2.5;
  brush.stroke();
  brush.globalAlpha = 1;
  brush.lineCap = method.dash.length ? "butt" : "round"; // a piece that is added later leaves no gap
  brush.setLineDash(method.dash);
  brush.lineDashOffset = offset;
  brush.strokeStyle = ink(method.color);
  brush.lineWidth = width;
  brush.stroke();
  brush.setLineDash([]);
}

// Lines that were drawn before, by the canvas on which they stand: a frame that plays adds only what is new.
const trails = new Map();

function drawTrails(canvas, brush, shown, at, chosen, placeOf, isPlaying) {
  let trail = trails.get(canvas);
  const isOn = isPlaying && trail && trail.shown === shown && trail.at <= at && trail.layer.width === canvas.width && trail.layer.height === canvas.height;
  if (!isOn) {
    const layer = trail ? trail.layer : document.createElement("canvas");
    [layer.width, layer.height] = [canvas.width, canvas.height];
    trail = { layer, shown, reached: new Map(), lengths: new Map() };
    trails.set(canvas, trail);
  }
  trail.at = at;
  const pen = trail.layer.getContext("2d");
  pen.setTransform(brush.getTransform());
  for (const { method, course } of shown) {
    const [from, to] = [trail.reached.get(method) ?? 0, reachedBy(course, at) - 1];
    if (to <= from) continue;
    const offset = trail.lengths.get(method) ?? 0;
    const length = trace(pen, from, to, placeOf(course));
    strokeMethod(pen, method, method.name === chosen ? 2.8 : 2, offset);
    trail.reached.set(method, to);
    trail.lengths.set(method, offset + length);
  }
  brush.drawImage(trail.layer, 0, 0, canvas.clientWidth, canvas.clientHeight);
}

// An arrow from one place of the screen to another.
function drawArrow(brush, from, to, color, dash, width) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (!(length > 1)) return;
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const head = Math.min(5 + 2 * width, length * 0.6);
  const neck = [to[0] - ux * head, to[1] - uy * head];
  const paper = KNOWN.paper[night.matches ? "dark" : "light"];
  brush.lineCap = "butt";
  for (const [style, lineWidth, pattern] of [[paper, width + 3, []], [color, width, dash]]) {
    brush.strokeStyle = style;
    brush.lineWidth = lineWidth;
    brush.setLineDash(pattern);
    brush.beginPath();
    brush.moveTo(...from);
    brush.lineTo(...neck);
    brush.stroke();
  }
  brush.setLineDash([]);
  brush.fillStyle = color;
  brush.beginPath();
  brush.moveTo(...to);
  brush.lineTo(neck[0] - uy * head * 0.5, neck[1] + ux * head * 0.5);
  brush.lineTo(neck[0] + uy * head * 0.5, neck[1] - ux * head * 0.5);
  brush.fill();
}

const LABEL = `600 12.5px ${SANS}`;

// How wide a word will be: as the very font has it.
const ruler = document.createElement("canvas").getContext("2d");
function widthOf(text) {
  ruler.font = LABEL;
  return ruler.measureText(text).width;
}

// Words with a rim of paper: all rims first, so that none cuts the word beside it.
function drawLabels(brush, words) {
  brush.font = LABEL;
  brush.textAlign = "left";
  brush.textBaseline = "middle";
  brush.lineJoin = "round";
  brush.lineWidth = 4;
  brush.strokeStyle = KNOWN.paper[night.matches ? "dark" : "light"];
  for (const { text, x, y } of words) brush.strokeText(text, x, y);
  for (const { text, x, y, color } of words) {
    brush.fillStyle = color;
    brush.fillText(text, x, y);
  }
}
