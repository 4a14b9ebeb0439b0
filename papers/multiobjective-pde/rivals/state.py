"""-Laplace y + kappa max(0, y) = b with kappa = 100: Newton's method over SuperLU."""

import numpy

PACKAGES = ["numpy", "scipy", "scikit-fem"]
KAPPA = 100.0


def newton(stiffness, mass, right):
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    y, on = None, numpy.zeros(len(right), bool)
    for _ in range(50):
        # The order for symmetric matrices: the default takes five times as long.
        matrix = (stiffness + KAPPA * diags(mass * on)).tocsc()
        factor = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        y = factor.solve(right)
        # Nodes with y = 0 change sides by rounding: a small residual is an end as well.
        fault = stiffness @ y + KAPPA * mass * numpy.maximum(y, 0) - right
        if numpy.array_equal(y > 0, on) or abs(fault).max() <= 1e-11 * abs(right).max():
            break
        on = y > 0
    return y


def read(inputs):
    b = numpy.load(inputs / "b.npy")
    return b, round(len(b) ** 0.5)


def fem(inputs, threads):
    """Linear elements on right triangles; with lumped masses the same equations over h^2."""
    import skfem
    from skfem.models.poisson import laplace

    b, n = read(inputs)

    def call():
        points = numpy.linspace(0, 1, n + 2)
        mesh = skfem.MeshTri.init_tensor(points, points)
        basis = skfem.Basis(mesh, skfem.ElementTriP1())
        inside = mesh.interior_nodes()
        # Nodes in the order of b: x changes slowest.
        x, y = numpy.rint(mesh.p[:, inside] * (n + 1)).astype(int) - 1
        order = inside[numpy.argsort(x * n + y)]
        stiffness = laplace.assemble(basis)[order][:, order]
        mass = numpy.full(n * n, 1 / (n + 1) ** 2)
        return newton(stiffness, mass, b * mass)

    return call, lambda y: y


def differences(inputs, threads):
    from scipy.sparse import diags, identity, kron

    b, n = read(inputs)

    def call():
        line = diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n)) * (n + 1) ** 2
        matrix = kron(line, identity(n)) + kron(identity(n), line)
        return newton(matrix, numpy.ones(n * n), b)

    return call, lambda y: y
