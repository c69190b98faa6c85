# The nano student that ships with the package, with its settings for tracking.
_base_ = '../_base_/models/eatrack_nano.py'

model = dict(
    temporal=dict(type='mmeatrack.TargetStore'),
    # Fitted by tools/calibrate.py to the second round's weights on 24 synthetic videos, seed 7.
    confidence=dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[2.195, -0.221, 0.942, 1.415, -0.349],
        bias=-1.876,
    ),
    # Chosen on real sequences, see docs/real_footage.md.
    test_cfg=dict(size_smoothing=0.8, size_prior=0.04),
)
