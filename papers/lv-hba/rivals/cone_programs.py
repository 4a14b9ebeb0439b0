"""The weighted support vector machine as a cone programme, differentiated by diffcp."""

import numpy

PACKAGES = ["numpy", "cvxpy", "scs", "diffcp"]


def hypergradient(inputs, threads):
    import cvxpy

    train_x, train_y, valid_x, valid_y, log_weights = (
        numpy.load(inputs / f"{name}.npy") for name in ("train-x", "train-y", "valid-x", "valid-y", "log-weights")
    )
    rows, columns = train_x.shape
    plane, offset, slacks = cvxpy.Variable(columns), cvxpy.Variable(), cvxpy.Variable(rows)
    roots = cvxpy.Parameter(rows, nonneg=True)
    cost = cvxpy.sum_squares(plane) / 2 + cvxpy.sum_squares(cvxpy.multiply(roots, slacks)) / 2
    margins = cvxpy.multiply(train_y, train_x @ plane + offset)
    problem = cvxpy.Problem(cvxpy.Minimize(cost), [1 - slacks - margins <= 0])
    # The parametrised form is compiled once, outside of the call.
    roots.value = numpy.exp(log_weights / 2)
    problem.solve(solver=cvxpy.SCS, requires_grad=True, eps=1e-8)

    def call():
        roots.value = numpy.exp(log_weights / 2)
        problem.solve(solver=cvxpy.SCS, requires_grad=True, eps=1e-8)
        w, b = plane.value, offset.value
        length = numpy.linalg.norm(w)
        margin = valid_y * (valid_x @ w + b) / length
        share = 1 / (1 + numpy.exp(5 * margin))
        value, slope = 2 * share - 1, -10 * share * (1 - share)
        factor = numpy.where(value > 0, 1, 0.01)
        pull = factor * slope * valid_y / length
        by_w = valid_x.T @ pull - (factor * slope * margin).sum() * w / length**2
        plane.gradient, offset.gradient, slacks.gradient = by_w, pull.sum(), numpy.zeros(rows)
        problem.backward()
        return numpy.append((factor * value).sum(), roots.gradient * roots.value / 2)

    return call, lambda found: found
