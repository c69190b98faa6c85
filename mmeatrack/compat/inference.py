"""MMTrack's ``inference_sot`` without its copies of the frame.

MMTrack turns a frame into float32, builds the test pipeline anew and copies the frame twice more,
for each frame. The usual pipeline does nothing but pack, so that a batch can be made of the frame
as it is. That is done for the trackers of this package, which cut their crop from raw frames.
"""

import functools
import sys
from types import ModuleType
from typing import Any, Sequence

import numpy as np


def only_packs(pipeline: Sequence[dict]) -> bool:
    """Return whether the steps after the loading of a test pipeline do nothing but pack."""
    kinds = [step['type'] for step in pipeline[2:]]
    names = [kind if isinstance(kind, str) else kind.__name__ for kind in kinds]
    return [name.rsplit('.', 1)[-1] for name in names] == ['PackTrackInputs']


def pack_frame(frame: np.ndarray, box_xyxy: Any, number: int) -> dict:
    """Batch of one frame, as PackTrackInputs and MMEngine's collate function make it.

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
        ours = type(model.data_preprocessor).__module__.startswith('mmeatrack.')
        raw = ours and image.dtype == np.uint8
        if raw and only_packs(model.cfg.test_dataloader.dataset.pipeline):
            with torch.no_grad():
                return model.test_step(pack_frame(image, init_bbox, frame_id))[0]
        return inference(model, image, init_bbox, frame_id)

    package = sys.modules.get(module.__name__.rpartition('.')[0])
    for holder in (module, package):  # the package has taken the name over, if it is loaded
        if hasattr(holder, 'inference_sot'):
            vars(holder)['inference_sot'] = inference_sot
