"""Results of tools/video_demo.py for a video do not depend on the one before."""

from pathlib import Path

from tests.scripts import load_script
from tests.test_isolation.toy_flights import LENGTHS, STORE, write_flights
from tests.toys import write_toy_tracker


def test_order_of_the_videos_does_not_matter(tmp_path: Path) -> None:
    root = write_flights(tmp_path / 'flights')
    hook = dict(type='mmeatrack.TemporalAdaptationHook', store=STORE)
    toy = write_toy_tracker(tmp_path, custom_hooks=[hook])
    demo = load_script('video_demo')

    def track(name: str, folder: str, *options: str) -> str:
        """Text file of a sequence."""
        arguments = [str(root / name), '--init-bbox=70,50,20,20', f'--out={tmp_path / folder}']
        arguments += [f'--config={toy.config}', f'--checkpoint={toy.checkpoint}', '--device=cpu']
        assert demo.main([*arguments, *options]) == 0
        return (tmp_path / folder / f'{name}.txt').read_text()

    forth = {name: track(name, 'forth') for name in ('gull', 'kite')}
    back = {name: track(name, 'back') for name in ('kite', 'gull')}
    assert forth == back
    assert len(forth['kite'].splitlines()) == LENGTHS['kite']
    assert track('kite', 'plain', '--no-temporal') != forth['kite']
