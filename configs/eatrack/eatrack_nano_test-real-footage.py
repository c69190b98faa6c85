# The nano student that comes with the package, as it tracks.
_base_ = '../_base_/models/eatrack_nano.py'

model = dict(
    # Fitted by tools/calibrate.py on 24 synthetic videos of seed 7.
    confidence=dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[1.699, -0.157, 21.602, 1.536, -2.122],
        bias=-18.317,
    ),
    lost_detector=dict(lost_below=0.2, found_above=0.5),
    # Chosen on real sequences, see docs/real_footage.md.
    test_cfg=dict(size_smoothing=0.9, aspect_prior=0.5),
)
