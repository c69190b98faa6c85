# The nano student that comes with the package, as it tracks.
_base_ = '../_base_/models/eatrack_nano.py'

model = dict(
    temporal=dict(type='mmeatrack.TargetStore'),
    # Fitted by tools/calibrate.py on 24 synthetic videos of seed 7 (the second round's weights).
    confidence=dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[2.195, -0.221, 0.942, 1.415, -0.349],
        bias=-1.876,
    ),
    lost_detector=dict(lost_below=0.15, found_above=0.5),
    # Chosen on real sequences, like lost_below, see docs/real_footage.md.
    test_cfg=dict(size_smoothing=0.9, size_prior=0.02),
)
