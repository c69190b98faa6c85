"""MMTrack's ``inference_sot`` without its copies of the frame.

For each frame, MMTrack converts it to float32, builds the test pipeline and copies the frame twice
more. The usual pipeline only packs, so a batch can hold the frame as it is. This is done for the
trackers of this package, which cut their crop from raw frames.
"""

import functools
import sys
from types import ModuleType
from typing import Any, Sequence

import numpy as np


def only_packs(pipeline: Sequence[dict]) -> bool:
    """Return whether a test pipeline only packs after its two loading steps."""
    kinds = [step['type'] for step in pipeline[2:]]
    names = [kind if isinstance(kind, str) else kind.__name__ for kind in kinds]
    return [name.rsplit('.', 1)[-1] for name in names] == ['PackTrackInputs']


def pack_frame(frame: np.ndarray, box_xyxy: Any, number: int) -> dict:
    """Batch of one frame, equal to that of PackTrackInputs and MMEngine's collate function.

    Args:
        frame: (H, W, 3); it is not copied.
        box_xyxy: (4,) given box.
        number: Number of the frame.
    """
    import torch
    from mmengine.structures import InstanceData
    from mmtrack.structures import TrackDataSample

    sample = TrackDataSample(metainfo=dict(frame_id=number, ori_shape=frame.shape[:2]))
    box = torch.from_numpy(np.array(box_xyxy, dtype=np.float32))
    sample.gt_instances = InstanceData(bboxes=box)
    image = torch.from_numpy(np.require(frame, requirements=['C', 'W'])).permute(2, 0, 1)
    return dict(inputs=dict(img=image[None, None]), data_samples=[sample])


def pack_without_copies(module: ModuleType) -> None:
    """Let ``mmtrack.apis.inference.inference_sot`` give our trackers the frame as it is."""
    import torch

    inference = module.inference_sot

    @functools.wraps(inference)
    def inference_sot(model: Any, image: np.ndarray, init_bbox: np.ndarray, frame_id: int) -> Any:
        is_ours = type(model.data_preprocessor).__module__.startswith('mmeatrack.')
        is_raw = is_ours and image.dtype == np.uint8
        if is_raw and only_packs(model.cfg.test_dataloader.dataset.pipeline):
            with torch.no_grad():
                return model.test_step(pack_frame(image, init_bbox, frame_id))[0]
        return inference(model, image, init_bbox, frame_id)

    package = sys.modules.get(module.__name__.rpartition('.')[0])
    for holder in (module, package):  # the package has imported the function if it is loaded
        if hasattr(holder, 'inference_sot'):
            vars(holder)['inference_sot'] = inference_sot
