"""The page of a scene: one self-contained HTML file in which the trajectories grow, from disk and without network."""

import json
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from ravine.pictures import trajectories, trajectories_film, trajectories_space
from ravine.pictures.trajectories import Track, Trajectories
from ravine.pictures.trajectories_stage import AROUND
from ravine.watch import Scene

from .gallery import dark, harmless
from .mathml import only_mathematics
from .standalone import HERE, environment, guard, style_of, write_page

FRAMES = 360
"""How many moments the page has: six seconds at sixty a second."""


def write_scene(scene: Scene, path: Path) -> Path:
    """Writes a scene into a file; one that is there already is replaced in one step.

    Args:
        scene: The scene.
        path: The file: .html for a page, .gif or .mp4 for a film, .png for a still.

    Returns:
        The path.
    """
    if path.suffix != ".html":
        return trajectories_film.save(scene, path)
    return write_page(path, html(scene))


def html(scene: Scene) -> str:
    """Makes a scene's page.

    Args:
        scene: The scene.

    Returns:
        HTML with its style, its scripts and its numbers inside.
    """
    info = trajectories.info(scene)
    scripts = [get_plotlyjs(), (HERE / "watch.js").read_text(encoding="utf-8")]
    return (
        environment()
        .get_template("watch.html")
        .render(
            info=info,
            scene=scene,
            how_to_read=trajectories.how_to_read(info),
            formula=Markup(only_mathematics(convert(info.formula))) if info.formula else "",
            style=style_of(HERE / "page.css", HERE / "watch.css"),
            scripts=[Markup(script) for script in scripts],
            allowed=guard(scripts),
            data=Markup(harmless(json.dumps(_data(info), separators=(",", ":")))),
            space=Markup(harmless(trajectories_space.draw(info).to_json() or "")),
            dark=Markup(harmless(json.dumps(dark() | {color.light: color.dark for color in trajectories_space.RAMP}))),
        )
    )


def _data(info: Trajectories) -> dict[str, Any]:
    """What the page's script draws."""
    return {
        "box": [[info.x[0], info.x[-1]], [info.y[0], info.y[-1]]],
        "units": trajectories_space.UNITS,
        "contours": trajectories_space.contours(info),
        "start": info.start.tolist(),
        "known": {
            kind: [
                [*point, AROUND if covered else 1]
                for point, covered in zip(points.tolist(), info.covered(points), strict=True)
            ]
            for kind, points in (("minimum", info.minima), ("saddle", info.saddles), ("maximum", info.maxima))
        },
        "steps": info.steps,
        "moments": info.moments(FRAMES).round(3).tolist(),
        "axis": info.axis,
        "above": info.above,
        "ticks": info.axis.ticks,
        "tracks": [_track(info, track) for track in info.tracks],
    }


def _track(info: Trajectories, track: Track) -> dict[str, Any]:
    return {
        "points": trajectories.near(info, track.points).round(6).tolist(),
        "heights": [float(f"{height:.6g}") for height in info.axis.placed(track.heights)],
        "values": [float(f"{value:.6g}") for value in track.heights + info.lowest],
        "evaluations": track.evaluations.tolist(),
        "ended": track.ended,
    }
