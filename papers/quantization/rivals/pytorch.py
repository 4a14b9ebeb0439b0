"""PyTorch: products of signed 8-bit integers."""

import numpy
import torch

PACKAGES = ["torch", "numpy"]


def product(inputs, threads):
    torch.set_num_threads(threads)
    left = torch.from_numpy(numpy.load(inputs / "inputs.npy").astype(numpy.int8))
    weights = torch.from_numpy(numpy.load(inputs / "weights.npy").astype(numpy.int8)).T.contiguous()
    return lambda: torch._int_mm(left, weights), lambda sums: sums.numpy()
