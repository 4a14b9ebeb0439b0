"""Log_P(Q) of positive definite matrices, batched; one row of n^2 numbers each."""

import numpy

PACKAGES = ["numpy", "pymanopt", "pyriemann"]


def read(inputs):
    p, q = numpy.load(inputs / "p.npy"), numpy.load(inputs / "q.npy")
    n = round(p.shape[1] ** 0.5)
    return p.reshape(-1, n, n), q.reshape(-1, n, n), n


def answer(found):
    return found.reshape(len(found), -1)


def manopt(inputs, threads):
    from pymanopt.manifolds import SymmetricPositiveDefinite

    p, q, n = read(inputs)
    manifold = SymmetricPositiveDefinite(n, k=len(p)) if len(p) > 1 else SymmetricPositiveDefinite(n)
    return lambda: manifold.log(p, q), answer


def riemann(inputs, threads):

    p, q, _ = read(inputs)
    # Its logarithm map has one base point for all: this is what it computes, with its own roots and logarithms.
    from pyriemann.utils.base import invsqrtm, logm, sqrtm

    def call():
        root, inverse = sqrtm(p), invsqrtm(p)
        return root @ logm(inverse @ q @ inverse) @ root

    return call, answer


def plain(inputs, threads):
    p, q, _ = read(inputs)

    def call():
        values, vectors = numpy.linalg.eigh(p)
        back = vectors.transpose(0, 2, 1)
        root = (vectors * numpy.sqrt(values)[:, None, :]) @ back
        inverse = (vectors / numpy.sqrt(values)[:, None, :]) @ back
        values, vectors = numpy.linalg.eigh(inverse @ q @ inverse)
        return root @ (vectors * numpy.log(values)[:, None, :]) @ vectors.transpose(0, 2, 1) @ root

    return call, answer
