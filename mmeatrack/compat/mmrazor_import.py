"""Import of MMRazor 1.0.0 on torch > 2.0.

MMRazor builds its quantization configs while it is imported, under
``if digit_version(torch.__version__) >= digit_version('1.13.0')``, from names of
``torch.ao.quantization`` that torch has since renamed or removed (tried with 2.13: it stops at
``nnqr.Conv1d``). All of ``mmrazor.models`` and ``mmrazor.engine`` imports them. Distillation needs
none of it, and MMRazor has a branch without it for torch < 1.13; where the names are missing, the
modules below take that branch. Only their syntax tree is changed: ``torch.__version__`` and
``digit_version`` are never touched, so there is nothing to restore, whether the import succeeds or
fails. Where the names are there (torch 1.13), MMRazor is imported as it is.
"""

import ast

GATED_MODULES = (
    'mmrazor.structures.quantization.backend_config.common_operator_config_utils',
    'mmrazor.structures.quantization.backend_config.mapping',
    'mmrazor.models.quantizers.native_quantizer',
)
"""The modules of MMRazor 1.0.0 that ask for torch's version while they are imported."""


def has_quantization_names() -> bool:
    """Return whether torch still has what MMRazor's quantization configs are built from."""
    import torch.ao.quantization.fuser_method_mappings as mappings

    names = ('reverse2', 'reverse3', 'reverse_sequential_wrapper2')
    return all(hasattr(mappings, name) for name in names)


def close_torch_gates(tree: ast.Module) -> ast.Module:
    """Make ``if digit_version(torch.__version__) ...`` at a module's top level false, in place.

    The tree stays as it is where torch has the names that the gates guard.
    """
    if has_quantization_names():
        return tree
    for node in tree.body:
        if isinstance(node, ast.If) and _reads_torch_version(node.test):
            node.test = ast.copy_location(ast.Constant(value=False), node.test)
    return ast.fix_missing_locations(tree)


def _reads_torch_version(test: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == '__version__'
        and isinstance(node.value, ast.Name)
        and node.value.id == 'torch'
        for node in ast.walk(test)
    )
