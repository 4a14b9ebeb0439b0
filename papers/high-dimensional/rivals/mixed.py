"""Maximum likelihood of a Gaussian mixed model with a random intercept."""

import numpy

PACKAGES = ["numpy", "statsmodels"]


def likelihood(inputs, threads):
    from statsmodels.regression.mixed_linear_model import MixedLM

    rows = numpy.load(inputs / "rows.npy")

    def call():
        return MixedLM(rows[:, 4], rows[:, 1:4], groups=rows[:, 0]).fit(reml=False)

    return call, lambda found: numpy.array([found.llf])
