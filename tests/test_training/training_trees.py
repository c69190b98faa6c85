"""GOT-10k, LaSOT, TrackingNet and COCO in their layouts on disk, with a few small frames each."""

import json
from pathlib import Path
from typing import Iterator, Tuple

import cv2
import numpy as np

FRAMES, WIDTH, HEIGHT = 24, 96, 72  # mmtrack samples from videos of 20 frames on


def write_training_trees(root: Path) -> Path:
    """Write two videos or images of each dataset, with the infos files of mmtrack's converters."""
    _write_got10k(root / 'GOT10k')
    _write_lasot(root / 'LaSOT_full')
    _write_trackingnet(root / 'TrackingNet')
    _write_coco(root / 'coco')
    return root


def _write_got10k(root: Path) -> None:
    infos = []
    for name in ('GOT-10k_Train_000001', 'GOT-10k_Train_000002'):
        video = root / 'train' / name
        _write_video(video, video / 'groundtruth.txt', '{:08d}.jpg', 1)
        (video / 'absence.label').write_text('0\n' * FRAMES)
        (video / 'cover.label').write_text('8\n' * FRAMES)
        infos.append(f'train/{name},train/{name}/groundtruth.txt,1,{FRAMES}')
    _write_infos(root / 'annotations' / 'got10k_train_vot_infos.txt', infos)


def _write_lasot(root: Path) -> None:
    infos = []
    for name in ('airplane-1', 'airplane-2'):
        video = root / 'LaSOTBenchmark' / 'airplane' / name
        _write_video(video / 'img', video / 'groundtruth.txt', '{:08d}.jpg', 1)
        for label in ('full_occlusion', 'out_of_view'):
            (video / f'{label}.txt').write_text(','.join('0' * FRAMES))
        infos.append(f'airplane/{name}/img,airplane/{name}/groundtruth.txt,1,{FRAMES}')
    _write_infos(root / 'annotations' / 'lasot_train_infos.txt', infos)


def _write_trackingnet(root: Path) -> None:
    infos = []
    for chunk, name in (('TRAIN_0', 'a_0'), ('TRAIN_11', 'b_1')):
        _write_video(root / chunk / 'frames' / name, root / chunk / f'anno/{name}.txt', '{}.jpg', 0)
        infos.append(f'{chunk}/frames/{name},{chunk}/anno/{name}.txt,0,{FRAMES - 1}')
    _write_infos(root / 'annotations' / 'trackingnet_train_infos.txt', infos)


def _write_coco(root: Path) -> None:
    images, annotations = [], []
    for number, (image, box) in zip((9, 25), _frames()):
        name = f'{number:012d}.jpg'
        _write_image(root / 'train2017' / name, image)
        images.append(dict(id=number, file_name=name, width=WIDTH, height=HEIGHT))
        annotations.append(
            dict(id=number, image_id=number, category_id=1, iscrowd=0, bbox=box, area=320)
        )
    path = root / 'annotations' / 'instances_train2017.json'
    path.parent.mkdir()
    categories = [dict(id=1, name='person')]
    path.write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))


def _frames() -> Iterator[Tuple[np.ndarray, list]]:
    """Frames of noise with a bright box, and the box xywh in px."""
    noise = np.random.default_rng(0).integers(0, 128, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for number in range(FRAMES):
        image, x, y = noise.copy(), 20 + number, 25
        image[y : y + 16, x : x + 20] += 100
        yield image, [x, y, 20, 16]


def _write_video(images: Path, boxes: Path, name: str, first: int) -> None:
    lines = []
    for number, (image, box) in enumerate(_frames(), start=first):
        _write_image(images / name.format(number), image)
        lines.append(','.join(map(str, box)))
    boxes.parent.mkdir(parents=True, exist_ok=True)
    boxes.write_text('\n'.join(lines) + '\n')


def _write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def _write_infos(path: Path, lines: list) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(['The format of each line in this txt is: ...', *lines]))
