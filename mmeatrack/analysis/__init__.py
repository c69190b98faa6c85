"""Similarity of the layers of two networks, and layer pairing."""

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
