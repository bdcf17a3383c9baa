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
        drawing_ms: time in functions of the browser, among them WebGL, per frame.
        longest_script_ms: the longest time in functions of the page without a pause.
    """

    script_ms: np.ndarray
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
    is_script = {node["id"]: bool(node["callFrame"]["url"]) for node in profile["nodes"]}
    is_idle = {node["id"]: node["callFrame"]["functionName"] in IDLE for node in profile["nodes"]}
    at_ms = np.cumsum(profile["timeDeltas"]) / 1000
    took_ms = np.diff(at_ms, append=at_ms[-1])
    frame = np.searchsorted(frames_ms, at_ms)
    script: Counter[int] = Counter()
    drawing: Counter[int] = Counter()
    longest = run = 0.0
    for node, number, ms in zip(profile["samples"], frame.tolist(), took_ms.tolist(), strict=True):
        if is_script[node]:
            script[number] += ms
        elif not is_idle[node]:
            drawing[number] += ms
        run = run + ms if is_script[node] else 0.0
        longest = max(longest, run)
    numbers = range(len(frames_ms))
    return Panning(
        np.array([script[number] for number in numbers]), np.array([drawing[number] for number in numbers]), longest
    )
