"""Similarity of two networks' layers, and layer pairs chosen by it."""

from .pairing import monotone_pairs, pairs_by_depth
from .similarity import (
    LayerSimilarity,
    LinearCKA,
    MaskedMean,
    SimilarityMeter,
    layer_search_tokens,
    token_cosine,
    write_similarity_csv,
)

__all__ = [
    'LayerSimilarity',
    'LinearCKA',
    'MaskedMean',
    'SimilarityMeter',
    'layer_search_tokens',
    'monotone_pairs',
    'pairs_by_depth',
    'token_cosine',
    'write_similarity_csv',
]
