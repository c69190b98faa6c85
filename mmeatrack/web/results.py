"""Result files of a session: annotated video, MOTChallenge rows, status as JSON lines."""

from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from mmeatrack.files.atomic import write_atomically
from mmeatrack.multi import StatusLog, Track
from mmeatrack.visualization import FrameHeader, browser_video, draw_frame
from mmeatrack.visualization.canvas import Canvas
from mmeatrack.visualization.labelled_boxes import draw_boxes
from mmeatrack.web.session import Session

VIDEO, TEXT, STATUS = RESULTS = ('tracked.mp4', 'tracked.txt', 'tracked.jsonl')


def picture(session: Session, number: int) -> np.ndarray:
    """Draw a frame with its boxes, without a header: (H', W', 3), uint8, BGR."""
    canvas = Canvas.of_frame(session.image(number))
    draw_boxes(canvas, session.labelled_boxes(number))
    return canvas.image


def scores_by_target(session: Session) -> Dict[int, List[Tuple[int, float]]]:
    """Return frame and score of each track that has a score, by the target's id."""
    scores: Dict[int, List[Tuple[int, float]]] = {}
    for number, tracks in session.tracks.items():
        for track in tracks.values():
            if track.score >= 0:
                scores.setdefault(track.id, []).append((number, track.score))
    return scores


def write_results(session: Session) -> List[Path]:
    """Write the files of a session into its folder.

    ``tracked.txt`` has a MOTChallenge row ``frame,id,x,y,w,h,score,-1,-1,-1`` per track: frames
    from 1, boxes in image px, score 1 where the box was drawn.

    Raises:
        ValueError: If nothing was tracked.
        RuntimeError: If the video cannot be written.
    """
    with session.lock:
        clip, numbers = session.clip, sorted(session.tracks)
        if not numbers or session.is_closed:
            raise ValueError('Nothing was tracked yet. Press Track first.')

        def draw(number: int) -> np.ndarray:
            header = FrameHeader(clip.name, number, len(clip.frames) - 1)
            return draw_frame(session.image(number), session.labelled_boxes(number), header)

        height, width = draw(numbers[0]).shape[:2]
        with browser_video(session.folder / VIDEO, clip.fps, (width, height)) as write:
            for number in numbers:
                write(draw(number))
        rows = [_row(n, track) for n in numbers for track in session.tracks[n].values()]
        write_atomically(session.folder / TEXT, ''.join(rows))
        with StatusLog(session.folder / STATUS, clip.fps, numbers[0]) as log:
            for number in numbers:
                log.add(session.tracks[number])
        return [session.folder / name for name in RESULTS]


def _row(number: int, track: Track) -> str:
    box = ','.join(f'{value:.2f}' for value in track.box_xywh)
    score = f'{track.score:.4f}' if track.score >= 0 else '1'
    return f'{number + 1},{track.id},{box},{score},-1,-1,-1\n'
