"""mmtrack's visualization hook with a folder of pictures that stays in its place."""

from pathlib import Path
from typing import Optional

from mmengine.runner import Runner
from mmtrack.engine.hooks import TrackVisualizationHook

from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class SOTVisualizationHook(TrackVisualizationHook):
    """Draws frames of a test run; every frame by default.

    mmtrack's hook puts a relative ``test_out_dir`` into itself again with each frame. Here it is
    ``<work_dir>/<time of start>/<test_out_dir>`` throughout the run.

    Args:
        interval: Frames from one picture to the next.
        kwargs: Arguments of mmtrack's hook, such as ``draw``, ``show`` and ``test_out_dir``.

    Example:
        >>> visualization = dict(
        ...     type='mmeatrack.SOTVisualizationHook', draw=True, test_out_dir='pictures'
        ... )
    """

    def __init__(self, interval: int = 1, **kwargs: object) -> None:
        super().__init__(interval=interval, **kwargs)
        self.test_out_dir: Optional[str]

    def before_test(self, runner: Runner) -> None:
        """Make the folder's path absolute: mmtrack's hook leaves it alone then."""
        if self.test_out_dir is not None:
            folder = Path(runner.work_dir, runner.timestamp, self.test_out_dir)
            self.test_out_dir = str(folder.resolve())
