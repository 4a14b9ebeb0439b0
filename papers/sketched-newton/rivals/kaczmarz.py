"""Row projections with uniform draws, compiled."""

import numpy

PACKAGES = ["numpy", "numba"]


def compiled(inputs, threads):
    import numba

    rows, columns, values, right, steps = (numpy.load(inputs / f"{name}.npy") for name in ("rows", "columns", "values", "right", "steps"))
    starts = numpy.searchsorted(rows, numpy.arange(len(right) + 1)).astype(numpy.int64)
    columns = columns.astype(numpy.int64)

    @numba.njit
    def run(starts, columns, values, right, steps, seed):
        numpy.random.seed(seed)
        d = len(right)
        norms = numpy.zeros(d)
        for i in range(d):
            for k in range(starts[i], starts[i + 1]):
                norms[i] += values[k] ** 2
        z = numpy.zeros(d)
        for _ in range(steps):
            i = numpy.random.randint(d)
            r = -right[i]
            for k in range(starts[i], starts[i + 1]):
                r += values[k] * z[columns[k]]
            r /= norms[i]
            for k in range(starts[i], starts[i + 1]):
                z[columns[k]] -= r * values[k]
        return z

    run(starts, columns, values, right, 10, 0)
    return lambda: run(starts, columns, values, right, int(steps[0]), 0), lambda found: found
