"""Plays a story against processes that die one after the other, each at the places it was given, in turn."""

import time
from collections import deque
from collections.abc import Mapping, Sequence

from tests.faults.processes import DEAD, Pause, Process
from tests.faults.trial import Trial

_LAST_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.1


class Crashes:
    """The places still to come, by process."""

    def __init__(self, trial: Trial, places: Mapping[str, Sequence[str]]) -> None:
        self._trial = trial
        self._queues = {name: deque(queue) for name, queue in places.items()}
        self.survived: dict[str, list[str]] = {name: [] for name in places}
        """The places a process has died at, and was started again after, in order."""

    def play(self, pace: float) -> None:
        """Play the whole story, a scene every `pace` seconds while there are places left, and come to all of them."""
        for name in self._queues:
            process = self._trial.fleet.processes[name]
            process.kill()
            self._start(name, process)
        for scene in self._trial.story.scenes:
            self._trial.play(scene, self.tend)
            self._watch(pace)
        pause = Pause(_LAST_SECONDS)
        while self._left():
            pause.wait(_LOOK_AGAIN_SECONDS, f"processes died at {self._queues}")
            self.tend()

    def tend(self) -> None:
        """Start again, for its next place, whatever has died at the one before."""
        for name, queue in self._queues.items():
            process = self._trial.fleet.processes[name]
            code = process.ended()
            if code is None:
                continue
            assert queue, f"{name} ended with {code} though it was not to die again: {process.said()}"
            assert code == DEAD, f"{name} ended with {code} and not at {queue[0]}: {process.said()}"
            self.survived[name].append(queue.popleft())
            self._start(name, process)

    def _start(self, name: str, process: Process) -> None:
        queue = self._queues[name]
        process.start(queue[0] if queue else "")

    def _watch(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        pause = Pause(2 * seconds + _LOOK_AGAIN_SECONDS)
        while self._left() and time.monotonic() < deadline:
            pause.wait(_LOOK_AGAIN_SECONDS, "the scene is over")
            self.tend()

    def _left(self) -> bool:
        return any(self._queues.values())
