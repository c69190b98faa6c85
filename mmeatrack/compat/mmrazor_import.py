"""Import of MMRazor 1.0.0 on torch > 2.0.

While it is imported, MMRazor builds quantization configs from names of ``torch.ao.quantization``
that torch has since renamed or removed (with 2.13 it stops at ``nnqr.Conv1d``). All of
``mmrazor.models`` and ``mmrazor.engine`` imports them, though distillation needs none of it. The
code is under ``if digit_version(torch.__version__) >= digit_version('1.13.0')``; the modules below
take the other branch if the names are missing. Only their syntax tree is changed:
``torch.__version__`` and ``digit_version`` stay as they are, so there is nothing to restore when
the import succeeds or fails.
"""

import ast

GATED_MODULES = (
    'mmrazor.structures.quantization.backend_config.common_operator_config_utils',
    'mmrazor.structures.quantization.backend_config.mapping',
    'mmrazor.models.quantizers.native_quantizer',
)
"""Modules of MMRazor 1.0.0 that check torch's version while they are imported."""


def has_quantization_names() -> bool:
    """Return whether torch still has the names that MMRazor's quantization configs need."""
    import torch.ao.quantization.fuser_method_mappings as mappings

    names = ('reverse2', 'reverse3', 'reverse_sequential_wrapper2')
    return all(hasattr(mappings, name) for name in names)


def close_torch_gates(tree: ast.Module) -> ast.Module:
    """Make ``if digit_version(torch.__version__) ...`` at a module's top level false, in place.

    The tree is not changed if torch has the names behind the gates.
    """
    if has_quantization_names():
        return tree
    version = ast.dump(ast.parse('torch.__version__', mode='eval').body)
    for node in tree.body:
        if isinstance(node, ast.If) and version in map(ast.dump, ast.walk(node.test)):
            node.test = ast.copy_location(ast.Constant(value=False), node.test)
    return ast.fix_missing_locations(tree)
