"""All kinks of a lasso path; the answer has the last thirty, lambda first."""

import numpy

PACKAGES = ["numpy", "scikit-learn"]


def path(inputs, threads):
    from sklearn.linear_model import lars_path

    a, b = numpy.load(inputs / "a.npy"), numpy.load(inputs / "b.npy")

    def call():
        return lars_path(a, b, method="lasso", max_iter=100_000)

    def answer(found):
        alphas, _, coefficients = found
        # Its weights are lambda over the number of rows.
        return numpy.column_stack([alphas[-30:] * len(b), coefficients[:, -30:].T])

    return call, answer
