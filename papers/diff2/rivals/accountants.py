"""The privacy of compositions of Gaussian releases."""

import numpy

PACKAGES = ["numpy", "dp-accounting"]


def queries(inputs, accountant):
    import dp_accounting

    table = numpy.load(inputs / "compositions.npy")

    def epsilon(row):
        held = accountant()
        held.compose(dp_accounting.GaussianDpEvent(row[0]), int(row[1]))
        held.compose(dp_accounting.GaussianDpEvent(row[2]), int(row[3]))
        return held.get_epsilon(row[4])

    return lambda: numpy.array([epsilon(row) for row in table]), lambda found: found


def loss_distributions(inputs, threads):
    from dp_accounting import pld

    return queries(inputs, pld.PLDAccountant)


def renyi(inputs, threads):
    from dp_accounting import rdp

    return queries(inputs, rdp.RdpAccountant)
