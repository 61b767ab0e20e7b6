"""Reads a run's event files as TensorBoard does, and says what it finds.

    python oracle/event_files.py BEFORE AFTER

BEFORE holds the files as they were when the run was interrupted, AFTER those after it went on. Prints one line of JSON:
for each tag `[step, value]` pairs, once from AFTER alone and once by a TensorBoard that has read BEFORE already.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator


def scalars(accumulator):
    accumulator.Reload()
    return {
        tag: [[event.step, event.value] for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }


before, after = Path(sys.argv[1]), Path(sys.argv[2])
everything = {SCALARS: 0}
with tempfile.TemporaryDirectory() as folder:
    watched = Path(folder)
    for file in before.iterdir():
        shutil.copy(file, watched)
    watching = EventAccumulator(folder, size_guidance=everything)
    first = scalars(watching)
    for file in sorted(after.iterdir()):
        copy = watched / file.name
        if copy.exists():
            with copy.open("r+b") as written:  # what was cut off goes away under the reader
                written.truncate(file.stat().st_size)
        else:
            shutil.copy(file, copy)
    report = {
        "before": first,
        "fresh": scalars(EventAccumulator(str(after), size_guidance=everything)),
        "watching": scalars(watching),
    }
print(json.dumps(report))
