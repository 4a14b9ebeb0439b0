"""Small problems with equality constraints, given as expressions in Python's syntax; the answer is f at the end of each."""

import json

import numpy

PACKAGES = ["numpy", "scipy", "casadi"]


def read(inputs):
    return json.loads((inputs / "problems.json").read_text())


def ipopt(inputs, threads):
    import casadi

    solvers = []
    for problem in read(inputs):
        x = casadi.SX.sym("x", len(problem["variables"]))
        names = {name: x[i] for i, name in enumerate(problem["variables"])}
        names |= {name: getattr(casadi, name) for name in ("sqrt", "exp", "log", "sin", "cos")}
        value = lambda text: eval(text, {"__builtins__": {}}, names)
        constraints = casadi.vertcat(*[value(text) for text in problem["constraints"]])
        options = {"ipopt.print_level": 0, "print_time": 0, "ipopt.sb": "yes", "ipopt.tol": 1e-8}
        solvers.append((casadi.nlpsol("s", "ipopt", {"x": x, "f": value(problem["objective"]), "g": constraints}, options), problem["x0"]))

    def call():
        return numpy.array([float(solver(x0=x0, lbg=0, ubg=0)["f"]) for solver, x0 in solvers])

    return call, lambda found: found


def functions(inputs):
    """f, c and their derivatives as compiled CasADi functions, so that only the method is SciPy's."""
    import casadi

    for problem in read(inputs):
        x = casadi.SX.sym("x", len(problem["variables"]))
        names = {name: x[i] for i, name in enumerate(problem["variables"])}
        names |= {name: getattr(casadi, name) for name in ("sqrt", "exp", "log", "sin", "cos")}
        value = lambda text: eval(text, {"__builtins__": {}}, names)
        f, c = value(problem["objective"]), casadi.vertcat(*[value(text) for text in problem["constraints"]])
        v = casadi.SX.sym("v", c.numel())
        made = [
            casadi.Function("a", [x], [f]),
            casadi.Function("b", [x], [casadi.gradient(f, x)]),
            casadi.Function("c", [x], [casadi.hessian(f, x)[0]]),
            casadi.Function("d", [x], [c]),
            casadi.Function("e", [x], [casadi.jacobian(c, x)]),
            casadi.Function("f", [x, v], [casadi.hessian(casadi.dot(v, c), x)[0]]),
        ]
        yield made, numpy.array(problem["x0"])


def trust_constr(inputs, threads):
    from scipy.optimize import NonlinearConstraint, minimize

    problems = list(functions(inputs))

    def solve(made, x0):
        f, g, h, c, j, hc = made
        constraint = NonlinearConstraint(lambda x: c(x).full().ravel(), 0, 0, jac=lambda x: j(x).full(), hess=lambda x, v: hc(x, v).full())
        found = minimize(lambda x: float(f(x)), x0, jac=lambda x: g(x).full().ravel(), hess=lambda x: h(x).full(), constraints=[constraint], method="trust-constr", options={"gtol": 1e-8, "maxiter": 1000})
        return found.fun

    return lambda: numpy.array([solve(made, x0) for made, x0 in problems]), lambda found: found


def slsqp(inputs, threads):
    from scipy.optimize import minimize

    problems = list(functions(inputs))

    def solve(made, x0):
        f, g, _, c, j, _ = made
        constraint = {"type": "eq", "fun": lambda x: c(x).full().ravel(), "jac": lambda x: j(x).full()}
        found = minimize(lambda x: float(f(x)), x0, jac=lambda x: g(x).full().ravel(), constraints=[constraint], method="SLSQP", options={"ftol": 1e-12, "maxiter": 1000})
        return found.fun

    return lambda: numpy.array([solve(made, x0) for made, x0 in problems]), lambda found: found
