"""NumPy: the product in single precision."""

import numpy

PACKAGES = ["numpy"]


def product(inputs, threads):
    left, weights = (numpy.load(inputs / f"{name}.npy").astype(numpy.float32) for name in ("inputs", "weights"))
    right = numpy.ascontiguousarray(weights.T)
    return lambda: left @ right, lambda sums: sums
