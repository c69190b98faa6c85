"""``AmpOptimWrapper`` on a machine without an accelerator."""

import pytest
import torch
from mmengine.optim import AmpOptimWrapper
from torch import nn

import mmeatrack  # noqa: F401

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='CUDA has mixed precision')


def test_it_steps_in_bfloat16() -> None:
    model = nn.Linear(3, 2)
    amp = AmpOptimWrapper(dtype='bfloat16', optimizer=torch.optim.SGD(model.parameters(), lr=0.5))
    bias = model.bias.detach().clone()
    with amp.optim_context(model):
        output = model(torch.ones(4, 3))
    assert output.dtype == torch.bfloat16
    amp.update_params(output.float().sum())
    # The bias's gradient is the number of rows: no loss scale is left in it.
    torch.testing.assert_close(model.bias.detach(), bias - 0.5 * 4)
    assert amp.state_dict()['loss_scaler'] == {}


def test_float16_is_refused() -> None:
    amp = AmpOptimWrapper(
        dtype='float16', optimizer=torch.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)
    )
    with pytest.raises(AssertionError, match=r'only support `torch\.bfloat16`'):
        amp.optim_context(nn.Linear(3, 2)).__enter__()
