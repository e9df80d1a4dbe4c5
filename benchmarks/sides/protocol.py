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


def only(cores):
    """Leaves this process so many cores, the same for every side; before TensorFlow counts them."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    os.environ.update(TF_NUM_INTRAOP_THREADS=str(cores), TF_NUM_INTEROP_THREADS=str(cores))


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


def seconds_each(start, wait, times):
    """Of steps started one after the other and waited for at the end, as in training; one more goes before."""
    wait(start())
    began = time.perf_counter()
    for started in [start() for _ in range(times)]:
        wait(started)
    return (time.perf_counter() - began) / times


def images_per_second(batches, warm, timed):
    """Of a stream of batches, after the first `warm`."""
    stream = iter(batches)
    for _ in range(warm):
        next(stream)
    began = time.perf_counter()
    count = sum(len(next(stream)[1]) for _ in range(timed))
    return count / (time.perf_counter() - began)


def peak_mb():
    """The most memory this process has had, in 1e6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def batch(size, resolution, channels, classes, seed=0):
    """Random pictures `(size, resolution, resolution, channels)` in [0, 255] and labels, the same for every side."""
    import numpy as np

    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (size, resolution, resolution, channels), dtype=np.uint8)
    return images, random.integers(0, classes, size, dtype=np.int32)
