"use strict";
// Draws the pictures, in the colors of the paper; nothing here asks the network.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures");
  const dark = read("dark");
  const night = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const drawings = [...document.querySelectorAll(".drawing")];
  const shown = new Set(); // methods that are picked in the legend; none means all
  const SHEET = 660; // the width of a picture on paper, in pixels: before printing the page does not know it
  let printing = false;

  const inked = (figure) => {
    const text = JSON.stringify(figure);
    const changed = night.matches && !printing ? text.replace(/#[0-9a-f]{6}/g, (c) => dark[c] || c) : text;
    return JSON.parse(changed);
  };

  const chosen = (plate) =>
    [...document.querySelectorAll(`.switch[data-plate="${plate}"]`)]
      .sort((a, b) => a.dataset.group - b.dataset.group)
      .map((set) => set.querySelector("input:checked").value)
      .join(",");

  // A picture of panels has as many side by side as the page has room for.
  const arrange = (layout, panels, width) => {
    const columns = width < 480 ? 1 : width < 700 ? 2 : width < 940 ? 3 : 4;
    const rows = Math.ceil(panels / columns);
    const inside = rows * (columns === 1 ? 180 : 210) - 72;
    const height = layout.margin.t + layout.margin.b + inside;
    const gapX = columns > 1 ? 0.035 : 0;
    const gapY = 72 / inside;
    const wide = (1 - gapX * (columns - 1)) / columns;
    const high = (1 - gapY * (rows - 1)) / rows;
    for (let i = 0; i < panels; i++) {
      const left = (i % columns) * (wide + gapX);
      const top = 1 - Math.floor(i / columns) * (high + gapY);
      const end = i ? i + 1 : "";
      layout[`xaxis${end}`].domain = [left, Math.min(left + wide, 1)];
      layout[`yaxis${end}`].domain = [Math.max(top - high, 0), top];
      layout[`yaxis${end}`].showticklabels = i % columns === 0;
    }
    layout.height = height;
  };

  const dim = (data) => {
    for (const trace of data) {
      const method = trace.meta && trace.meta.method;
      const here = printing || !shown.size || shown.has(method);
      if (trace.meta && trace.meta.band) {
        trace.visible = here;
        if (here && shown.size && !printing) trace.opacity = 1; // many bands are faint, a few may be strong
        continue;
      }
      trace.opacity = here ? 1 : 0.1;
      if (here) continue;
      trace.hoverinfo = "skip";
      delete trace.hovertemplate;
    }
  };

  const draw = (drawing) => {
    const plate = drawing.dataset.plate;
    const figure = inked(figures[plate][chosen(plate)]);
    const width = printing ? SHEET : drawing.clientWidth;
    if (printing) figure.layout.width = SHEET;
    const panels = figure.layout.meta && figure.layout.meta.panels;
    if (panels) arrange(figure.layout, panels, width);
    if (width < 500) figure.layout.margin = { ...figure.layout.margin, l: 44, r: 8 };
    figure.layout.showlegend = false; // one legend serves all pictures
    figure.layout.dragmode = touch ? false : "zoom"; // on a phone a finger scrolls the page
    dim(figure.data);
    return Plotly.react(drawing, figure.data, figure.layout, {
      displaylogo: false,
      displayModeBar: touch ? false : "hover",
      modeBarButtons: [["toImage", "resetScale2d"]],
      toImageButtonOptions: { filename: `ravine-${plate}`, scale: 2 },
    }).then(() => drawing.classList.add("drawn"));
  };
  const redraw = () => Promise.all(drawings.map(draw));

  for (const set of document.querySelectorAll(".switch"))
    set.addEventListener("change", () => draw(document.querySelector(`.drawing[data-plate="${set.dataset.plate}"]`)));

  for (const chip of document.querySelectorAll(".chip"))
    chip.addEventListener("click", () => {
      const method = chip.dataset.method;
      shown.has(method) ? shown.delete(method) : shown.add(method);
      chip.setAttribute("aria-pressed", String(shown.has(method)));
      redraw();
    });

  const tabs = [...document.querySelectorAll("[role=tab]")];
  const select = (tab) => {
    for (const other of tabs) {
      const here = other === tab;
      other.setAttribute("aria-selected", String(here));
      other.tabIndex = here ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).classList.toggle("away", !here);
    }
    tab.focus();
  };
  const keys = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      const step = keys[event.key];
      const next = Number.isFinite(step) ? (i + step + tabs.length) % tabs.length : step < 0 ? 0 : tabs.length - 1;
      select(tabs[next]);
    });
  });

  const copy = async (text, code) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      getSelection().selectAllChildren(code); // where the clipboard is refused, the code is at least selected
      return document.execCommand("copy");
    }
  };
  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      button.textContent = (await copy(code.textContent, code)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });

  let width = innerWidth;
  let waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return; // a phone's address bar comes and goes
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
  night.addEventListener("change", redraw);
  addEventListener("beforeprint", () => {
    printing = true;
    redraw();
  });
  addEventListener("afterprint", () => {
    printing = false;
    redraw();
  });
  redraw();
})();
