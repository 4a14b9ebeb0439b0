"""POT: transport by its own solvers, at the settings of the contests in src/contests.rs."""

import numpy
import ot

PACKAGES = ["POT", "numpy"]
GAMMA, NONZEROS, EPSILON = 10.0, 2, 0.01


def read(inputs):
    return tuple(numpy.load(inputs / f"{name}.npy") for name in ("a", "b", "cost"))


def semi_dual(inputs, threads):
    a, b, cost = read(inputs)
    return smooth(ot.smooth.smooth_ot_semi_dual, a, b, cost)


def dual(inputs, threads):
    a, b, cost = read(inputs)
    return smooth(ot.smooth.smooth_ot_dual, a, b, cost)


def smooth(solver, a, b, cost):
    def call():
        return solver(
            a, b, cost, GAMMA, "sparsity_constrained", max_nz=NONZEROS, numItermax=1000, stopThr=1e-9, log=True
        )[1]["alpha"]

    return call, lambda alpha: alpha


def sinkhorn(inputs, threads):
    return entropic("sinkhorn", *read(inputs))


def sinkhorn_log(inputs, threads):
    return entropic("sinkhorn_log", *read(inputs))


def entropic(method, a, b, cost):
    def call():
        return ot.sinkhorn(a, b, cost, EPSILON, method=method, stopThr=1e-6, numItermax=100_000)

    return call, lambda plan: plan


def emd(inputs, threads):
    a, b, cost = read(inputs)
    return lambda: ot.emd(a, b, cost), lambda plan: plan
