# Tests the student with temporal adaptation. data_root: see _base_/datasets/uavdt.py.
_base_ = [
    '../_base_/models/eatrack_deit-tiny.py',
    '../_base_/datasets/uavdt.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [dict(type='mmeatrack.TemporalAdaptationHook', store=dict(fusion='concat'))]
