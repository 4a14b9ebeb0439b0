"""DAGMA by its authors, and NOTEARS in gCastle."""

import numpy

PACKAGES = ["numpy"]


def dagma_weights(inputs, threads):
    from dagma.linear import DagmaLinear

    PACKAGES.append("dagma")
    data = numpy.load(inputs / "data.npy")
    # The threshold would cut weak edges, and with them what is judged.
    call = lambda: DagmaLinear(loss_type="l2").fit(data.copy(), lambda1=0.02, w_threshold=0.0)
    return call, lambda weights: weights


def notears_weights(inputs, threads):
    from castle.algorithms import Notears

    PACKAGES.append("gcastle")
    data = numpy.load(inputs / "data.npy")

    def call():
        learner = Notears(lambda1=0.1, w_threshold=0.0)
        learner.learn(data)
        return learner.weight_causal_matrix

    return call, numpy.asarray
