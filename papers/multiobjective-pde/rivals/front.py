"""NSGA-II on two quadratics: 100 individuals, 10,000 evaluations."""

import numpy

PACKAGES = ["numpy", "pymoo"]


def genetic(inputs, threads):
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem
    from pymoo.optimize import minimize

    d = int(numpy.load(inputs / "dimension.npy")[0])
    centre = numpy.full(d, 1 / d**0.5)

    class Quadratics(Problem):
        def __init__(self):
            super().__init__(n_var=d, n_obj=2, xl=-2.0, xu=2.0)

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = 0.5 * numpy.stack([((x + s * centre) ** 2).sum(1) for s in (1, -1)], 1)

    def call():
        return minimize(Quadratics(), NSGA2(pop_size=100), ("n_gen", 100), seed=1).F

    return call, lambda front: front
