"""The fused engine: whole epochs in one compiled call. Numba is imported here, and only when this engine is used."""
