"""SciPy's HiGHS: the integer program of two players, as src/integer_program.rs has it."""

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix

PACKAGES = ["scipy", "numpy"]


def optimum(inputs, threads):
    height = int(numpy.load(inputs / "height.npy")[0])
    stacks = range(1, 2**height)
    variables, rows, low, high = {}, [], [], []

    def variable(*name):
        return variables.setdefault(name, len(variables))

    def constrain(terms, least, most):
        rows.append(terms)
        low.append(least)
        high.append(most)

    for table in "fg":
        for stack in stacks:
            constrain([(variable(table, stack, hat), 1) for hat in range(height)], 1, 1)
    guesses = len(variables)
    for x in stacks:
        for y in stacks:
            win = variable("win", x, y)
            for table, seen, own in (("f", y, x), ("g", x, y)):
                named = [(variable(table, seen, hat), -1) for hat in range(height) if own >> hat & 1]
                constrain([(win, 1)] + named, -numpy.inf, 0)
    # Renaming hats allows these answers to the stack with only the first hat black.
    constrain([(variable("g", 1, 0), 1)], 1, 1)
    constrain([(variable("f", 1, hat), 1) for hat in range(min(2, height))], 1, 1)

    entries = [(row, column, value) for row, terms in enumerate(rows) for column, value in terms]
    places, columns, values = zip(*entries)
    constraints = LinearConstraint(coo_matrix((values, (places, columns))).tocsr(), low, high)
    costs = numpy.zeros(len(variables))
    costs[guesses:] = -1
    whole = numpy.zeros(len(variables))
    whole[:guesses] = 1
    call = lambda: milp(costs, constraints=constraints, integrality=whole, bounds=Bounds(0, 1), options={"mip_rel_gap": 0})

    def answer(found):
        if found.status != 0:
            raise RuntimeError(found.message)
        return [-found.fun]

    return call, answer
