"""The chain and its gradient, vectorised."""

import numpy

PACKAGES = ["numpy", "scipy"]


def chain(x):
    from scipy.special import ndtr

    limit = numpy.sqrt(2 * numpy.pi * numpy.e)

    def gate(x):
        w = numpy.zeros_like(x)
        open_ = x > 0.518
        w[open_] = 1 / (2 * x[open_] - 1)
        value = numpy.where(open_, numpy.exp(1 - w * w), 0.0)
        return value, 4 * w**3 * value

    right, right_rise = gate(x[:-1])
    left, left_rise = gate(-x[:-1])
    toward, away = limit * ndtr(x), limit * ndtr(-x[1:])
    bell = numpy.exp(0.5 - 0.5 * x * x)
    value = -toward[0] + (left * away - right * toward[1:]).sum()
    gradient = numpy.empty_like(x)
    gradient[0] = -bell[0]
    gradient[1:] = -(left + right) * bell[1:]
    gradient[:-1] -= left_rise * away + right_rise * toward[1:]
    return value, gradient


def plain(inputs, threads):
    x = numpy.load(inputs / "x.npy")
    return lambda: chain(x), lambda found: numpy.concatenate([[found[0]], found[1]])


def rotated(inputs, threads):
    x, columns = numpy.load(inputs / "x.npy"), numpy.load(inputs / "columns.npy")
    radius = 230 * numpy.sqrt(len(columns))

    def call():
        square = x @ x
        shrink = 1 / numpy.sqrt(1 + square / radius**2)
        inside = columns @ x * shrink
        value, slopes = chain(inside)
        along = inside @ slopes * shrink**2 / radius**2
        return value + 0.1 * square, shrink * (slopes @ columns) - along * x + 0.2 * x

    return call, lambda found: numpy.concatenate([[found[0]], found[1]])
