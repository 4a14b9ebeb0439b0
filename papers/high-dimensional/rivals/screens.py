"""Mutual information of columns with an outcome, by three neighbours."""

import numpy

PACKAGES = ["numpy", "scikit-learn"]


def regression(inputs, threads):
    from sklearn.feature_selection import mutual_info_regression

    x, y = numpy.load(inputs / "x.npy"), numpy.load(inputs / "y.npy")
    return lambda: mutual_info_regression(x, y, n_neighbors=3, random_state=0, n_jobs=threads), lambda found: found
