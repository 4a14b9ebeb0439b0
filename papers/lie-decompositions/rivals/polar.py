"""log p and r of matrices g = p r, batched; one row of 2 n^2 numbers each."""

import numpy

PACKAGES = ["numpy"]


def read(inputs):
    rows = numpy.load(inputs / "g.npy")
    n = round(rows.shape[1] ** 0.5)
    return rows.reshape(-1, n, n)


def answer(found):
    logs, rotations = found
    return numpy.concatenate([logs.reshape(len(logs), -1), rotations.reshape(len(logs), -1)], 1)


def closed(inputs, threads):
    g = read(inputs)

    def call():
        a, b, c, d = g[:, 0, 0], g[:, 0, 1], g[:, 1, 0], g[:, 1, 1]
        determinant = a * d - b * c
        e, f, h, k = (a + d) / 2, (a - d) / 2, (c + b) / 2, (c - b) / 2
        angle = numpy.arctan2(k, e)
        scale = numpy.log(determinant) / 2
        squeeze = numpy.arcsinh(numpy.hypot(f, h) / numpy.sqrt(determinant))
        axis = numpy.arctan2(h, f) + angle
        x, y = squeeze * numpy.cos(axis), squeeze * numpy.sin(axis)
        logs = numpy.stack([scale + x, y, y, scale - x], 1)
        cosine, sine = numpy.cos(angle), numpy.sin(angle)
        return logs, numpy.stack([cosine, -sine, sine, cosine], 1)

    return call, answer


def squared(inputs, threads):
    g = read(inputs)

    def call():
        values, vectors = numpy.linalg.eigh(g @ g.transpose(0, 2, 1))
        back = vectors.transpose(0, 2, 1)
        logs = (vectors * (numpy.log(values) / 2)[:, None, :]) @ back
        return logs, (vectors / numpy.sqrt(values)[:, None, :]) @ back @ g

    return call, answer


def singular(inputs, threads):
    g = read(inputs)

    def call():
        u, values, v = numpy.linalg.svd(g)
        logs = (u * numpy.log(values)[:, None, :]) @ u.transpose(0, 2, 1)
        return logs, u @ v

    return call, answer
