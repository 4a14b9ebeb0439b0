"""Paths of regressions with the minimax concave penalty, and of the lasso."""

import numpy

PACKAGES = ["numpy", "skglm", "celer"]


def mcp(inputs, threads):
    from skglm.datafits import Quadratic
    from skglm.penalties import MCPenalty
    from skglm.solvers import AndersonCD

    x, y, lambdas = (numpy.load(inputs / f"{name}.npy") for name in ("x", "y", "lambdas"))
    x = numpy.asfortranarray(x)
    solver = AndersonCD(tol=1e-6, fit_intercept=False, max_iter=1000, max_epochs=100_000, warm_start=True)

    def call():
        found = numpy.zeros((len(lambdas), x.shape[1]))
        w = numpy.zeros(x.shape[1])
        for k, value in enumerate(lambdas):
            datafit, penalty = Quadratic(), MCPenalty(value, 3.0)
            datafit.initialize(x, y)
            w = solver.solve(x, y, datafit, penalty, w.copy(), x @ w)[0]
            found[k] = w
        return found

    call()
    return call, lambda found: found


def lasso(inputs, threads):
    from celer import celer_path

    x, y, lambdas = (numpy.load(inputs / f"{name}.npy") for name in ("x", "y", "lambdas"))
    x = numpy.asfortranarray(x)

    # Its tolerance is a duality gap over |y|^2; this one meets the residual.
    def call():
        return celer_path(x, y, "lasso", alphas=lambdas, tol=1e-12, max_iter=1000)[1].T

    call()
    return call, lambda found: found
