"""Facts of the current run for metrics, which have no access to the runner."""

import ast
import os
import socket
from typing import Optional

from mmengine.dist import get_world_size
from mmengine.logging import MessageHub


def model_name() -> Optional[str]:
    """Return the class of the current run's model, of a distillation the student's.

    MMEngine's message hub holds the config as text, which is parsed here and not run.
    """
    text = MessageHub.get_current_instance().runtime_info.get('cfg', '')
    try:
        statements = ast.parse(text).body
    except SyntaxError:  # a config that holds built objects has no text that is Python
        return None
    values = {
        statement.targets[0].id: statement.value
        for statement in statements
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    return _type_name(values['model']) if 'model' in values else None


def process_group() -> str:
    """Return a name that the ranks of a distributed run share; empty for one process."""
    if get_world_size() == 1:
        return ''
    address = os.environ.get('MASTER_ADDR', 'localhost')
    if address in ('localhost', '127.0.0.1', '::1'):
        address = f'{socket.gethostname()}:{address}'
    return f'{address}:{os.environ.get("MASTER_PORT", "")}'


def _type_name(node: ast.AST) -> Optional[str]:
    """Last part of ``type`` in ``dict(type='mmtrack.Stark', ...)``."""
    if not isinstance(node, ast.Call):
        return None
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    if 'architecture' in options:
        return _type_name(options['architecture'])
    kind = options.get('type')
    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
        return kind.value.rpartition('.')[2]
    return None
