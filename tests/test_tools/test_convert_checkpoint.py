import pytest
import torch

from mmeatrack.registry import MODELS
from tests.scripts import load_script
from tests.toy_classifier import timm_weights
from tests.toy_ostrack import ostrack_weights
from tests.toys import PREPROCESSOR, backbone_cfg, build, distill_cfg, training_batch


@pytest.fixture
def main():
    return load_script('convert_checkpoint').main


def test_round_trip(tmp_path, main, capsys) -> None:
    weights = ostrack_weights(depth=1)
    source, ours, theirs = (tmp_path / name for name in ('a.pth.tar', 'b.pth', 'c.pth'))
    torch.save(dict(net=weights, net_type='OSTrack'), source)
    assert main([str(source), str(ours)]) == 0
    report = capsys.readouterr().out
    assert f'{len(weights) - 2} tensors renamed from ostrack to mmeatrack' in report
    assert "2 that no forward reads set aside ['backbone.cls_token', 'backbone.pos_embed']" in (
        report
    )
    content = torch.load(ours, weights_only=True)
    tracker = MODELS.build(dict(content['meta']['model'], data_preprocessor=PREPROCESSOR))
    tracker.load_state_dict(content['state_dict'], strict=True)
    assert main([str(ours), str(theirs), '--to', 'ostrack']) == 0
    back = torch.load(theirs, weights_only=True)['net']
    assert set(back) == set(weights)
    assert all(torch.equal(back[key], weights[key]) for key in weights)


def test_refusals(tmp_path, main, capsys) -> None:
    source, target = tmp_path / 'a.pth', tmp_path / 'b.pth'
    torch.save(ostrack_weights(depth=1), source)
    assert main([str(source), str(source)]) == 1
    assert 'a.pth' in capsys.readouterr().err
    before = source.read_bytes()
    assert main([str(source), str(source), '--overwrite']) == 1
    assert source.read_bytes() == before
    assert main([str(source), str(target), '--to', 'ostrack']) == 1
    assert 'has the names of ostrack already' in capsys.readouterr().err
    torch.save({'x': torch.zeros(1)}, source)
    assert main([str(source), str(target), '--from', 'ostrack']) == 1
    assert 'of no known project' in capsys.readouterr().err
    assert not target.exists()


def test_classifier_for_the_student_of_a_distillation(tmp_path, main, capsys) -> None:
    config, source, target = (tmp_path / name for name in ('c.py', 'deit.pth', 'start.pth'))
    config.write_text(f'model = {distill_cfg()!r}\n', encoding='utf-8')
    torch.save(dict(model=timm_weights(4)), source)
    assert main([str(source), str(target), '--from', 'deit', '--config', str(config)]) == 0
    assert '2 resized' in capsys.readouterr().out
    content = torch.load(target, weights_only=True)
    assert set(content['state_dict']) == {
        f'backbone.{key}' for key in build(backbone_cfg()).state_dict()
    }


@pytest.mark.slow
def test_ten_steps_of_distillation_from_a_converted_file(tmp_path, main) -> None:
    weights = ostrack_weights(width=64, depth=2, patch=8, template=16, search=32, channels=8)
    source, teacher = tmp_path / 'OSTrack_ep0300.pth.tar', tmp_path / 'teacher.pth'
    torch.save(dict(net=weights, net_type='OSTrack', epoch=300), source)
    assert main([str(source), str(teacher)]) == 0
    losses = {}
    for path in (source, teacher):  # as it is, and converted: the same teacher
        model = build(
            distill_cfg(
                teacher=torch.load(teacher, weights_only=True)['meta']['model'],
                teacher_ckpt=str(path),
                allow_random_teacher=False,
                distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 0), (3, 1)]),
            )
        ).train()
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        losses[path] = []
        for _ in range(10):
            step = model(*training_batch(), mode='loss')
            total = sum(value for name, value in step.items() if 'loss_feat' in name)
            grads = torch.autograd.grad(total, trained, allow_unused=True)
            pairs = [(p, grad) for p, grad in zip(trained, grads) if grad is not None]
            length = torch.stack([grad.norm() for _, grad in pairs]).norm()
            with torch.no_grad():
                for parameter, grad in pairs:
                    parameter -= 0.1 * grad / length
            losses[path].append(float(total))
    assert losses[source] == losses[teacher]
    assert losses[teacher][-1] < losses[teacher][0]
