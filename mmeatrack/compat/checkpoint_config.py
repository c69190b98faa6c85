"""Config texts in checkpoints, which MMEngine executes as Python."""

import ast
from typing import Any, Optional

from mmeatrack.log import warn

# Places of a config's text: ``Runner.resume`` executes the first, ``mmengine.infer`` the others.
_PLACES = (('meta', 'config'), ('meta', 'cfg'), ('message_hub', 'runtime_info', 'cfg'))
_PLAIN_NODES = (
    ast.Constant, ast.Dict, ast.List, ast.Load, ast.Set, ast.Tuple, ast.UAdd, ast.USub,
    ast.UnaryOp, ast.keyword,
)  # fmt: skip


def remove_code(checkpoint: Any, name: str) -> None:
    """Remove config texts that are more than plain values from a checkpoint, with a warning.

    MMEngine writes plain values and needs none of these texts to resume. Anything else would run
    when ``Runner.resume`` or an inferencer reads the text.

    Args:
        checkpoint: Content of the file, edited in place.
        name: File name for the warning.
    """
    for place in _PLACES:
        parent = checkpoint
        for key in place[:-1]:
            parent = parent.get(key) if isinstance(parent, dict) else None
        if not isinstance(parent, dict) or place[-1] not in parent:
            continue
        code = find_code(parent[place[-1]])
        if code is not None:
            del parent[place[-1]]
            warn(
                f"the checkpoint '{name}' has code in {'.'.join(place)}: {code!r}. MMEngine would "
                'run it, so this text is left out; the weights are not affected.'
            )


def find_code(text: Any) -> Optional[str]:
    """Return the first line of a config's text that is no plain assignment; None if all are.

    Plain values are literals, and containers and ``dict(...)`` of them. ``_base_`` is not plain: it
    names a file that MMEngine would execute.
    """
    if not isinstance(text, str):
        return type(text).__name__
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        return str(error)
    lines = text.splitlines()
    for statement in statements:
        if not _is_plain(statement):
            return lines[statement.lineno - 1].strip()
    return None


def _is_plain(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign):
        return False
    targets = [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if len(targets) != len(statement.targets) or '_base_' in targets:
        return False
    return all(map(_is_plain_node, ast.walk(statement.value)))


def _is_plain_node(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    return isinstance(node, _PLAIN_NODES) or (isinstance(node, ast.Name) and node.id == 'dict')
