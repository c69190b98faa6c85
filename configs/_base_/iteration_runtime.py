# default_runtime.py for schedules in steps instead of epochs.
_base_ = './default_runtime.py'

default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(by_epoch=False, interval=100, max_keep_ckpts=2),
)
log_processor = dict(type='LogProcessor', by_epoch=False, window_size=20)
