"""The convex programme over given patterns as a second-order cone programme, built by hand."""

import numpy

PACKAGES = ["numpy", "scipy", "clarabel"]


def clarabel(inputs, threads):
    import clarabel as package
    from scipy import sparse

    x, y, masks, beta = (numpy.load(inputs / f"{name}.npy") for name in ("x", "y", "masks", "beta"))
    n, d = x.shape
    blocks = 2 * masks.shape[1]
    columns = blocks * (d + 1) + n

    def call():
        # Unknowns: (t, z) of each block, then the residual.
        outputs, cones, norms = [], [], []
        for block in range(blocks):
            mask = masks[:, block // 2]
            sign = 1.0 if block % 2 == 0 else -1.0
            zero = numpy.zeros((n, 1))
            outputs.append(numpy.hstack([zero, sign * mask[:, None] * x]))
            cones.append(numpy.hstack([zero, -(2 * mask - 1)[:, None] * x]))
            norms.append(-numpy.eye(d + 1))
        residual = sparse.hstack([sparse.csc_matrix(numpy.hstack(outputs)), -sparse.eye(n)])
        inside = sparse.hstack([sparse.block_diag(cones), sparse.csc_matrix((blocks * n, n))])
        norm = sparse.hstack([sparse.block_diag(norms), sparse.csc_matrix((blocks * (d + 1), n))])
        a = sparse.vstack([residual, inside, norm]).tocsc()
        b = numpy.concatenate([y, numpy.zeros(blocks * n), numpy.zeros(blocks * (d + 1))])
        kinds = [package.ZeroConeT(n), package.NonnegativeConeT(blocks * n)] + [package.SecondOrderConeT(d + 1)] * blocks
        q = numpy.zeros(columns)
        q[: blocks * (d + 1) : d + 1] = beta[0]
        p = sparse.diags(numpy.concatenate([numpy.zeros(columns - n), numpy.ones(n)])).tocsc()
        settings = package.DefaultSettings()
        settings.verbose = False
        settings.max_threads = threads
        found = package.DefaultSolver(p, q, a, b, kinds, settings).solve()
        return numpy.array(found.x)[: blocks * (d + 1)].reshape(blocks, d + 1)[:, 1:]

    return call, lambda rows: rows
