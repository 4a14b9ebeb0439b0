"""The volume that points dominate below (1.1, 1.1, 1.1)."""

import numpy

PACKAGES = ["numpy", "pymoo", "moocore"]


def moocore(inputs, threads):
    import moocore

    points = numpy.load(inputs / "points.npy")
    return lambda: moocore.hypervolume(points, ref=[1.1] * 3), lambda volume: numpy.array([volume])


def pymoo(inputs, threads):
    from pymoo.indicators.hv import HV

    points = numpy.load(inputs / "points.npy")
    return lambda: HV(ref_point=numpy.full(3, 1.1))(points), lambda volume: numpy.array([volume])
