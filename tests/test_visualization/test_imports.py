import subprocess
import sys


def test_figures_and_videos_need_neither_torch_nor_openmmlab() -> None:
    """Scoring and plotting of result files start without them."""
    code = (
        'import sys, mmeatrack.visualization\n'
        "heavy = {'torch', 'mmengine', 'mmcv', 'mmtrack', 'mmrazor', 'mmdet'}\n"
        'print(sorted(heavy & set(sys.modules)))\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'
