"""Griffe extension: Sphinx roles of the docstrings as links of mkdocstrings."""

import re
from typing import Any

import griffe

ROLE = re.compile(r':(?:class|func|meth|mod|data|attr):`(~?)\.?([^`]+)`')


class DocstringRoles(griffe.Extension):
    """Replace ``:class:`Name``` by a link where the API reference has the object, else by code."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(
                lambda match: self._link(obj, match[2], bool(match[1])), obj.docstring.value
            )

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
