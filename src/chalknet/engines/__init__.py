"""Two engines, one protocol: `chalkboard` (NumPy, the reference) and `fused` (Numba, whole epochs in one call)."""
