"""Griffe extension: docstrings as Markdown."""

import re
from typing import Any

import griffe

ROLE = re.compile(r':(?:class|func|meth|mod|data|attr):`(~?)\.?([^`]+)`')
REFERENCE = re.compile(r'^( +)(?:\.\. )?\[(\d+)\] ', flags=re.MULTILINE)
URL = re.compile(r'(?<![(<])https?://[^\s,)>]+(?<!\.)')


class MarkdownDocstrings(griffe.Extension):
    """Rewrite what Markdown does not know.

    ``:class:`Name``` becomes a link where the API reference has the object, else code; numbered
    references a list with links; the title ``Example:`` Griffe's ``Examples:``.
    """

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            text = obj.docstring.value
            text = ROLE.sub(lambda match: self._link(obj, match[2], bool(match[1])), text)
            text = REFERENCE.sub(r'\1\2. ', URL.sub(r'<\g<0>>', text))
            text = re.sub(r'^( *)Example:$', r'\1Examples:', text, flags=re.MULTILINE)
            obj.docstring.value = text

    def _link(self, obj: griffe.Object, name: str, is_short: bool) -> str:
        shown = name.rsplit('.', 1)[-1] if is_short else name
        return f'<autoref identifier="{self._target(obj, name)}" optional>`{shown}`</autoref>'

    @staticmethod
    def _target(obj: griffe.Object, name: str) -> str:
        """The canonical path of a name as the object's module sees it, or the name itself."""
        first, _, rest = name.partition('.')
        try:
            path = obj.module.resolve(first)
        except griffe.NameResolutionError:
            return name
        return f'{path}.{rest}' if rest else path
