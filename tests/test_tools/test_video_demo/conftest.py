"""The video demo on a toy tracker and a folder of images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

if TYPE_CHECKING:
    from tests.toys import ToyTracker


@pytest.fixture(scope='session')
def demo() -> Any:
    from tests.scripts import load_script

    return load_script('video_demo')


@pytest.fixture(scope='session')
def toy(tmp_path_factory: pytest.TempPathFactory) -> 'ToyTracker':
    from tests.toys import write_toy_tracker

    return write_toy_tracker(tmp_path_factory.mktemp('toy'))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    import cv2

    from tests.test_tools.test_video_demo.results import NUM_FRAMES
    from tests.toys import video

    folder = tmp_path / 'Car2' / 'img'
    folder.mkdir(parents=True)
    for i, frame in enumerate(video(NUM_FRAMES)):
        cv2.imwrite(str(folder / f'{i + 1:05d}.png'), frame[0].permute(1, 2, 0).numpy())
    return folder


@pytest.fixture
def call(demo: Any, toy: 'ToyTracker', images: Path, tmp_path: Path) -> Callable[..., int]:
    """Run the demo, by default on the images."""
    from tests.test_tools.test_video_demo.results import BOX

    def run(*arguments: str, source: str = str(images), box: str = BOX, **files: object) -> int:
        given = dict(
            dict(config=toy.config, checkpoint=toy.checkpoint, out=tmp_path / 'o'), **files
        )
        options = [f'--{name}={value}' for name, value in given.items()]
        return demo.main([source, '--init-bbox', box, '--device', 'cpu', *options, *arguments])

    return run
