# The pico student that comes with the package, as it tracks.
_base_ = '../_base_/models/eatrack_pico.py'

model = dict(
    temporal=dict(type='mmeatrack.TargetStore'),
    # The nano's: a fit to the pico's own frames says less on real sequences.
    confidence=dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[2.195, -0.221, 0.942, 1.415, -0.349],
        bias=-1.876,
    ),
    test_cfg=dict(size_smoothing=0.8, size_prior=0.04),
)
