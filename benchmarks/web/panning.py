"""How much of a frame the scripts of the page take while the map is panned, from a profile of Chromium.

Without a graphics card most of a frame is drawing: calls of WebGL that wait for the renderer. A profile tells them
apart: functions of the page have the address of a script, those of WebGL and of the browser have none.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Page

INTERVAL_US = 500
STEPS = 60
STEP_PX = 6
FRAMES = """
    window.frames = [];
    const note = (now) => { window.frames.push(now); requestAnimationFrame(note); };
    requestAnimationFrame(note);
"""
IDLE = {"(idle)", "(root)", "(garbage collector)"}


@dataclass(frozen=True)
class Panning:
    """What was measured while the map was panned.

    Attributes:
        script_ms: time in functions of the page, per frame.
        library_ms: time in functions of MapLibre, per frame.
        drawing_ms: time in functions of the browser, among them WebGL, per frame.
        longest_script_ms: the longest time in functions of the page and of MapLibre without a pause.
    """

    script_ms: np.ndarray
    library_ms: np.ndarray
    drawing_ms: np.ndarray
    longest_script_ms: float


def pan(page: Page) -> Panning:
    """Drag the map, whose matches are listed and drawn, and return what its frames took."""
    box = page.locator(".map-canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": INTERVAL_US})
    page.evaluate(FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    session.send("Profiler.start")
    started_ms = float(page.evaluate("performance.now()"))
    for step in range(1, STEPS + 1):
        page.mouse.move(x + STEP_PX * step, y + STEP_PX * step / 3)
    profile = session.send("Profiler.stop")["profile"]
    page.mouse.up()
    frames = np.asarray(page.evaluate("window.frames"), float)
    return _measured(profile, frames[frames > started_ms] - started_ms)


def _measured(profile: dict[str, Any], frames_ms: np.ndarray) -> Panning:
    """Return the times of a profile by frame. Frames are in milliseconds from its start."""
    kinds = {node["id"]: _kind(node["callFrame"]) for node in profile["nodes"]}
    at_ms = np.cumsum(profile["timeDeltas"]) / 1000
    took_ms = np.diff(at_ms, append=at_ms[-1])
    frame = np.searchsorted(frames_ms, at_ms)
    spent: dict[str, Counter[int]] = {kind: Counter() for kind in ("script", "library", "drawing", "idle")}
    longest = run = 0.0
    for node, number, ms in zip(profile["samples"], frame.tolist(), took_ms.tolist(), strict=True):
        kind = kinds[node]
        spent[kind][number] += ms
        run = run + ms if kind in ("script", "library") else 0.0
        longest = max(longest, run)
    by_frame = {kind: np.array([times[number] for number in range(len(frames_ms))]) for kind, times in spent.items()}
    return Panning(by_frame["script"], by_frame["library"], by_frame["drawing"], longest)


def _kind(function: dict[str, Any]) -> str:
    """Return whose function it is: of the page, of MapLibre or of the browser; or that nothing ran."""
    if function["url"]:
        return "library" if "/maplibre-" in function["url"] else "script"
    return "idle" if function["functionName"] in IDLE else "drawing"
