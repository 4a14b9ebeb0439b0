"""The LASSO for many right-hand sides. Their objective is 1/(2M)|y - Ax|^2 + alpha|x|_1, so alpha is our weight over M."""

import warnings

import numpy

PACKAGES = ["numpy", "scikit-learn"]


def read(inputs):
    a, ys, weight = (numpy.load(inputs / f"{name}.npy") for name in ("a", "ys", "weight"))
    return numpy.asfortranarray(a), ys, float(weight[0]) / a.shape[0]


def scikit_learn(inputs, threads):
    from sklearn.linear_model import Lasso

    a, ys, alpha = read(inputs)
    model = Lasso(alpha=alpha, fit_intercept=False, tol=1e-11, max_iter=100_000)
    return lambda: model.fit(a, ys.T).coef_.copy(), lambda found: found


def celer(inputs, threads):
    from celer import Lasso

    PACKAGES.append("celer")
    warnings.simplefilter("ignore")
    a, ys, alpha = read(inputs)
    model = Lasso(alpha=alpha, fit_intercept=False, tol=1e-11, max_iter=1_000)
    return lambda: numpy.stack([model.fit(a, y).coef_.copy() for y in ys]), lambda found: found
