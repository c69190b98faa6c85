"""README and docs: length, links, and files and names that their commands and code use."""

import ast
import importlib
import re
from pathlib import Path
from typing import Iterator, List

import pytest

import mmeatrack

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
PAGES = sorted(
    [
        *(ROOT / name for name in ('README.md', 'CHANGELOG.md', 'configs/eatrack/README.md')),
        *(ROOT / 'docs').rglob('*.md'),
    ]
)


def code_blocks(text: str, language: str) -> List[str]:
    return re.findall(rf'^```{language}\n(.*?)^```', text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> List[str]:
    """Anchors of a page's headings, as Markdown renderers make them."""
    titles = re.findall(r'^#+ (.+)$', page.read_text(encoding='utf-8'), flags=re.MULTILINE)
    return [re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-') for title in titles]


def local_links(page: Path) -> Iterator[str]:
    text = re.sub(r'^```.*?^```', '', page.read_text(encoding='utf-8'), flags=re.M | re.S)
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        if '://' not in target:
            yield target


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150
    assert len(README.split()) <= 1300


def test_first_screen_says_what_it_is_and_shows_it() -> None:
    first = README.split('\n## ')[0]
    sentence = first.split('\n\n')[1].lower()
    for word in ('drone video', 'single-object tracker', 'distillation', 'openmmlab'):
        assert word in sentence
    order = ['.webp)', 'make install', '```python', 'make demo', 'micro models', '| teacher:']
    assert [first.index(word) for word in order] == sorted(first.index(word) for word in order)
    (code,) = code_blocks(first, 'python')
    assert len([line for line in code.splitlines() if line.strip()]) == 5


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_local_links_lead_somewhere(page: Path) -> None:
    for target in local_links(page):
        name, _, anchor = target.partition('#')
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def test_python_of_the_first_screen_imports_what_there_is() -> None:
    for code in code_blocks(README, 'python'):
        for node in ast.walk(ast.parse(code, feature_version=(3, 8))):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert {alias.name for alias in node.names} <= set(module.__all__)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_name_scripts_and_configs_that_are_there(page: Path) -> None:
    for block in code_blocks(page.read_text(encoding='utf-8'), 'bash'):
        for variable, value in re.findall(r'\b([A-Z])=([^\s;]+)', block):
            block = block.replace(f'${variable}', value)
        for name in re.findall(r'\b(?:tools|configs)/[\w./-]+\.py', block):
            assert (ROOT / name).is_file(), name


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_are_there(page: Path) -> None:
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    targets = set(re.findall(r'^([a-z-]+):', makefile, flags=re.MULTILINE))
    text = page.read_text(encoding='utf-8')
    named = re.findall(r'(?:^|`)make ([a-z-]+)', text, flags=re.MULTILINE)
    assert set(named) <= targets


def test_citation_and_changelog_follow_the_version() -> None:
    citation = (ROOT / 'CITATION.cff').read_text(encoding='utf-8')
    assert f'\nversion: {mmeatrack.__version__}\n' in citation
    assert f'\n## [{mmeatrack.__version__}]' in (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')


def test_every_config_is_listed() -> None:
    page = (ROOT / 'configs/eatrack/README.md').read_text(encoding='utf-8')
    patterns = [name.rstrip('*') for name in re.findall(r'^\| `([^`]+)`', page, flags=re.MULTILINE)]
    for path in (ROOT / 'configs' / 'eatrack').glob('*.py'):
        assert any(path.stem.startswith(pattern) for pattern in patterns), path.name
