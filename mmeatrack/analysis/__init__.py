"""How alike two networks' layers are: similarity of tokens, and pairs of layers by it."""

from .cka import LinearCKA
from .cosine import MaskedMean, token_cosine
from .layer_pairing import monotone_pairs, pairs_by_depth
from .layer_similarity import LayerSimilarity, SimilarityMeter, write_similarity_csv
from .layer_tokens import layer_search_tokens

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
