# The nano student that comes with the package, as it tracks.
_base_ = '../_base_/models/eatrack_nano.py'

model = dict(
    lost_detector=dict(lost_below=0.2, found_above=0.5),
    temporal=dict(type='mmeatrack.TargetStore', threshold=0.8, interval=10, sampling='score'),
    test_cfg=dict(size_smoothing=0.5),
)
