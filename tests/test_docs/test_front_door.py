"""README and docs: length, links, and files and names that their commands and code use."""

import ast
import importlib
import re
from pathlib import Path
from typing import Iterator, List

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


def test_local_links_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in local_links(page):
            name, _, anchor = target.partition('#')
            linked = page.parent / name if name else page
            if not linked.exists() or (anchor and anchor not in anchors(linked)):
                broken.append((page.name, target))
    assert broken == []


def test_python_of_the_first_screen_imports_what_there_is() -> None:
    for code in code_blocks(README, 'python'):
        for node in ast.walk(ast.parse(code, feature_version=(3, 8))):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert {alias.name for alias in node.names} <= set(module.__all__)


def test_commands_name_scripts_and_configs_that_are_there() -> None:
    named = set()
    for page in PAGES:
        for block in code_blocks(page.read_text(encoding='utf-8'), 'bash'):
            for variable, value in re.findall(r'\b([A-Z])=([^\s;]+)', block):
                block = block.replace(f'${variable}', value)
            named.update(re.findall(r'\b(?:tools|configs)/[\w./-]+\.py', block))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_make_targets_are_there() -> None:
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    targets = set(re.findall(r'^([a-z-]+):', makefile, flags=re.MULTILINE))
    text = '\n'.join(page.read_text(encoding='utf-8') for page in PAGES)
    named = set(re.findall(r'(?:^|`)make ([a-z-]+)', text, flags=re.MULTILINE))
    assert {'demo', 'test', 'install'} <= named <= targets


def test_citation_and_changelog_follow_the_version() -> None:
    citation = (ROOT / 'CITATION.cff').read_text(encoding='utf-8')
    assert f'\nversion: {mmeatrack.__version__}\n' in citation
    assert f'\n## [{mmeatrack.__version__}]' in (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')


def test_letters_of_shapes_are_those_of_the_code() -> None:
    named = set(re.findall(r'``([A-Z][a-z]?)``', str(mmeatrack.__doc__)))
    code = ''.join(
        path.read_text(encoding='utf-8')
        for folder in ('models', 'structures', 'analysis')
        for path in (ROOT / 'mmeatrack' / folder).rglob('*.py')
    )
    shapes = re.findall(r'\(([A-Z][\w, *]*)\)', code)
    used = {letter for shape in shapes for letter in re.findall(r'\b[A-Z][a-z]\b', shape)}
    assert used == {letter for letter in named if len(letter) == 2}


def test_every_config_is_listed() -> None:
    page = (ROOT / 'configs/eatrack/README.md').read_text(encoding='utf-8')
    patterns = [name.rstrip('*') for name in re.findall(r'^\| `([^`]+)`', page, flags=re.MULTILINE)]
    for path in (ROOT / 'configs' / 'eatrack').glob('*.py'):
        assert any(path.stem.startswith(pattern) for pattern in patterns), path.name
