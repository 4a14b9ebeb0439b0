"""Semilinear control with a known solution: min |y - yd|^2/2 + 0.01 |u|^2/2 subject to A y + y^3 = u + s on the unit square."""

import numpy

PACKAGES = ["numpy", "scipy", "casadi"]


def problem(inputs):
    import scipy.sparse as sparse

    n = int(numpy.load(inputs / "side.npy")[0])
    h, alpha = 1 / (n + 1), 0.01
    t = numpy.arange(1, n + 1) * h
    one = sparse.diags([-numpy.ones(n - 1), 2 * numpy.ones(n), -numpy.ones(n - 1)], [-1, 0, 1]) / h**2
    a = (sparse.kron(sparse.eye(n), one) + sparse.kron(one, sparse.eye(n))).tocsc()
    y = numpy.kron(numpy.sin(numpy.pi * t), numpy.sin(numpy.pi * t))
    u = numpy.kron(numpy.sin(numpy.pi * t), numpy.sin(2 * numpy.pi * t))
    s = a @ y + y**3 - u
    target = y + a @ (alpha * u) + 3 * y**2 * alpha * u
    return a, s, target, alpha


def ipopt(inputs, threads):
    import casadi

    a, s, target, alpha = problem(inputs)
    p = len(s)
    pattern = casadi.Sparsity(p, p, a.indptr.tolist(), a.indices.tolist())
    matrix = casadi.DM(pattern, a.data)
    y, u = casadi.MX.sym("y", p), casadi.MX.sym("u", p)
    f = casadi.sumsqr(y - target) / 2 + alpha / 2 * casadi.sumsqr(u)
    c = matrix @ y + y**3 - u - s
    options = {"ipopt.print_level": 0, "print_time": 0, "ipopt.sb": "yes", "ipopt.tol": 1e-8}
    solver = casadi.nlpsol("s", "ipopt", {"x": casadi.vertcat(y, u), "f": f, "g": c}, options)
    start = numpy.zeros(2 * p)
    return lambda: solver(x0=start, lbg=0, ubg=0), lambda found: numpy.concatenate([found["x"].full().ravel(), found["lam_g"].full().ravel()])


def trust_constr(inputs, threads):
    import scipy.sparse as sparse
    from scipy.optimize import NonlinearConstraint, minimize

    a, s, target, alpha = problem(inputs)
    p = len(s)
    h = sparse.diags(numpy.concatenate([numpy.ones(p), alpha * numpy.ones(p)])).tocsr()
    zero = sparse.csr_matrix((p, p))

    def call():
        constraint = NonlinearConstraint(
            lambda x: a @ x[:p] + x[:p] ** 3 - x[p:] - s,
            0,
            0,
            jac=lambda x: sparse.hstack([a + sparse.diags(3 * x[:p] ** 2), -sparse.eye(p)]).tocsr(),
            hess=lambda x, v: sparse.block_diag([sparse.diags(6 * x[:p] * v), zero]).tocsr(),
        )
        return minimize(
            lambda x: ((x[:p] - target) @ (x[:p] - target) + alpha * x[p:] @ x[p:]) / 2,
            numpy.zeros(2 * p),
            jac=lambda x: numpy.concatenate([x[:p] - target, alpha * x[p:]]),
            hess=lambda x: h,
            constraints=[constraint],
            method="trust-constr",
            options={"gtol": 1e-8},
        )

    return call, lambda found: numpy.concatenate([found.x, found.v[0]])


def superlu(inputs, threads):
    import scipy.sparse as sparse
    from scipy.sparse.linalg import splu

    a, s, target, alpha = problem(inputs)
    p = len(s)
    identity = sparse.eye(p)

    def call():
        w = numpy.zeros(3 * p)
        for _ in range(50):
            y, u, v = w[:p], w[p : 2 * p], w[2 * p :]
            g = a + sparse.diags(3 * y**2)
            residual = numpy.concatenate([y - target + g.T @ v, alpha * u - v, a @ y + y**3 - u - s])
            if numpy.linalg.norm(residual) <= 1e-8:
                break
            k = sparse.bmat([[sparse.diags(1 + 6 * y * v), None, g.T], [None, alpha * identity, -identity], [g, -identity, None]]).tocsc()
            w = w - splu(k).solve(residual)
        return w

    return call, lambda found: found
