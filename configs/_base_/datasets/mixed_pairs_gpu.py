# Pairs made on the training GPU; in some the search crop shows another target.
_base_ = './mixed_pairs.py'

train_dataloader = dict(batch_size=256, dataset=dict(device='cuda', negatives=0.15))
