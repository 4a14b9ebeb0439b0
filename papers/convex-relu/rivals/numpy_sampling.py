"""NumPy: the share of random points within the quarter disc."""

import numpy

PACKAGES = ["numpy"]


def sampling(inputs, threads):
    points = int(numpy.load(inputs / "points.npy")[0])
    generator = numpy.random.default_rng(1)

    def call():
        x, y = generator.random((2, points))
        return numpy.mean(x * x + y * y < 1)

    return call, lambda share: [share]
