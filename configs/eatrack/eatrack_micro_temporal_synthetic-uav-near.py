# Tests a student of eatrack_micro_1xb16-1500i_synthetic-uav-near.py with temporal adaptation.
_base_ = './eatrack_micro_1xb16-1500i_synthetic-uav-near.py'

model = dict(
    # Fitted by tools/calibrate.py to three such students on another set (160 videos, seed 7).
    confidence=dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[1.265, 0.447, 2.888, 0.908, -4.841],
        bias=-1.503,
    ),
    lost_detector=dict(lost_below=0.2, found_above=0.5),
    # Before the first view the template fills the temporal slot too; see docs/results.md.
    test_cfg=dict(lost_search_factor=4.0, fill_slot=True),
)
custom_hooks = [
    dict(
        type='mmeatrack.TemporalAdaptationHook',
        store=dict(threshold='auto', interval='auto', sampling='score'),
    )
]
