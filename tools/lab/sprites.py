"""Cut-outs from sprite sheets of free games: oblique views from several directions."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import cv2
import numpy as np

MOST_VIEWS = 12  # views kept per thing
Sprite = Tuple[str, str, np.ndarray]  # package, <kind>/<thing>-<view>, pixels (H, W, 4)
_LEAST_PIXELS = 180
_NO_THING = re.compile(
    r'preview|question|pestilence|fire|gold|access|full$|decom|book|attention|'
    r'path|trail|wall$|mountain|fish0|field|mainsquare|[23]x[23]|ground|clay|pit'
)


def find_sprites(root: Path) -> Iterator[Sprite]:
    """Sprites of all available packages."""
    yield from find_widelands(root / 'widelands-data')
    yield from find_horizons(root / 'unknown-horizons')
    yield from find_bos_wars(root / 'boswars-data')
    yield from find_flare(root / 'flare-game')


def find_widelands(root: Path) -> Iterator[Sprite]:
    """Workers, animals and ships of Widelands, walking or sailing in six directions."""
    for path in sorted(root.rglob('data/**/init.lua')):
        text = path.read_text(encoding='utf-8', errors='replace')
        for action in ('walk', 'sail'):
            sheets = sorted(path.parent.glob(f'{action}_??_[124].png'), key=_by_scale)
            sheets += sorted(path.parent.glob(f'{action}_?_[124].png'), key=_by_scale)
            match = re.search(rf'\b{action} = \{{(.*?)\n      \}}', text, re.S)
            if not sheets or match is None or 'columns' not in match.group(1):
                continue
            entries = dict(re.findall(r'(frames|columns|rows) = (\d+)', match.group(1)))
            columns, rows = int(entries['columns']), int(entries['rows'])
            frames = int(entries.get('frames', columns * rows))
            best = {sheet.stem.rsplit('_', 1)[0]: sheet for sheet in sheets}
            kind = 'ships' if action == 'sail' else path.parts[-3]
            views = [
                cell
                for number, sheet in enumerate(best.values())
                for cell in _pick(_cells(sheet, columns, rows)[:frames], 2, number)
            ]
            yield from _named('widelands-data', f'wl_{kind}/{path.parts[-2]}', views)


def find_horizons(root: Path) -> Iterator[Sprite]:
    """Buildings of Unknown Horizons in four views; people, animals and ships in eight."""
    content = root / 'usr/share/unknown-horizons/content'
    if not content.is_dir():
        return
    sets: Dict[str, Any] = json.loads((content / 'actionsets.json').read_text(encoding='utf-8'))
    atlases: Dict[int, np.ndarray] = {}
    for name, actions in sorted(sets.items()):
        action = next(
            (each for each in ('move', 'idle', 'idle_full', 'work') if each in actions), ''
        )
        if _NO_THING.search(name) or len(actions.get(action, ())) < 4:
            continue
        views = []
        for number, frames in enumerate(actions[action].values()):
            for _, atlas, x, y, width, height in _pick(list(frames.values()), 2, number):
                if atlas not in atlases:
                    file = content / f'gfx/atlas/{atlas:03d}.png'
                    atlases[atlas] = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
                views.append(atlases[atlas][y : y + height, x : x + width])
        kind = next(iter(next(iter(actions[action].values())))).split('/')[2]
        yield from _named('unknown-horizons', f'uh_{kind}/{name}', views)


def find_bos_wars(root: Path) -> Iterator[Sprite]:
    """Soldiers, vehicles and aircraft of Bos Wars."""
    for path in sorted(root.rglob('units/*/*.lua')):
        text = path.read_text(encoding='utf-8', errors='replace')
        for name, width, height in re.findall(
            r'\bImage = \{"file", .*?(\w+\.png)", "size", \{(\d+), *(\d+)\}', text
        ):
            sheet = path.parent / name
            if not name.startswith('unit_') or not sheet.is_file():
                continue
            rows, columns = (
                side // int(cell)
                for side, cell in zip(cv2.imread(str(sheet)).shape, (height, width))
            )
            cells = _cells(sheet, columns, rows)
            yield from _named('boswars-data', f'bos_units/{path.parts[-2]}', cells[: 6 * columns])


def find_flare(root: Path) -> Iterator[Sprite]:
    """Creatures of Flare running in eight directions."""
    for path in sorted(root.rglob('animations/enemies/*.txt')):
        sheet: Sequence[str] = re.findall(r'^image=(.+)$', path.read_text('utf-8'), re.M)
        mods = path.parents[2]
        file = mods / sheet[0] if sheet else path
        if not sheet or not file.is_file():
            continue
        image = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        views: Dict[int, List[np.ndarray]] = defaultdict(list)
        run = re.search(r'^\[run\]$(.*?)(?=^\[|\Z)', path.read_text('utf-8'), re.M | re.S)
        for line in re.findall(r'^frame=(.+)$', run.group(1) if run else '', re.M):
            _, way, x, y, width, height = (int(value) for value in line.split(',')[:6])
            views[way].append(image[y : y + height, x : x + width])
        chosen = [view for way, frames in views.items() for view in _pick(frames, 2, way)]
        yield from _named('flare-game', f'flare_enemies/{path.stem}', chosen)


def _named(package: str, name: str, views: List[np.ndarray]) -> Iterator[Sprite]:
    """Named views: an even selection of the usable ones."""
    views = [view for view in views if view.ndim == 3 and view.shape[2] == 4]
    views = [_faint_shadow(view) for view in views]
    views = [view for view in views if (view[..., 3] > 127).sum() >= _LEAST_PIXELS]
    kind, thing = name.split('/')
    for number, view in enumerate(_pick(views, MOST_VIEWS, 0)):
        yield package, f'{kind}/{thing.replace("-", "_")}-{number:02d}', view


def _faint_shadow(image: np.ndarray) -> np.ndarray:
    """Image whose cast shadow, black and half opaque, is made less than half opaque."""
    shadow = (image[..., :3].max(axis=2) < 40) & (image[..., 3] < 200)
    result = image.copy()
    result[..., 3][shadow] = (result[..., 3][shadow] * 0.6).astype(np.uint8)
    return result


def _pick(items: List[Any], number: int, offset: int) -> List[Any]:
    """Evenly spaced selection of items, shifted by an offset."""
    if len(items) <= number:
        return items
    return [items[(offset + each * len(items) // number) % len(items)] for each in range(number)]


def _cells(sheet: Path, columns: int, rows: int) -> List[np.ndarray]:
    image = cv2.imread(str(sheet), cv2.IMREAD_UNCHANGED)
    height, width = image.shape[0] // rows, image.shape[1] // columns
    return [
        image[row * height : (row + 1) * height, column * width : (column + 1) * width]
        for row in range(rows)
        for column in range(columns)
    ]


def _by_scale(path: Path) -> Tuple[str, int]:
    stem, scale = path.stem.rsplit('_', 1)
    return stem, int(scale)
