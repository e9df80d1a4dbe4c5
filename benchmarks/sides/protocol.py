"""How a side talks: lines of JSON. Needs nothing installed, so that any interpreter can run it."""

import json
import os
import resource
import sys
import time


def reserved():
    """The way to who asks; whatever else is printed goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return channel


def serve(channel, about, actions):
    """Says `about`, then does one of `actions` for each line and tells the number it gives."""
    print(json.dumps(about), file=channel)
    for line in sys.stdin:
        print(json.dumps({"value": actions[line.strip()]()}), file=channel)


def median_seconds(step, times):
    """Of a step that returns when it is done."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        step()
        took.append(time.perf_counter() - began)
    return sorted(took)[times // 2]


def peak_mb():
    """The most memory this process has had, in 1e6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def batch(size, resolution, channels, classes, seed=0):
    """Random pictures `(size, resolution, resolution, channels)` in [0, 255] and labels, the same for every side."""
    import numpy as np

    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (size, resolution, resolution, channels), dtype=np.uint8)
    return images, random.integers(0, classes, size, dtype=np.int32)
