"""SDPA in many digits, and Clarabel in double precision, on a file in SDPA's sparse format."""

import numpy

PACKAGES = ["numpy"]


def gap(inputs):
    return float(numpy.load(inputs / "gap.npy")[0])


def sdpa(inputs, threads):
    import sdpap
    from scipy import sparse

    PACKAGES.append("sdpa-multiprecision")
    costs, orders, entries = read(inputs / "problem.dat-s")
    # Σ x_i F_i − F_0 in the cone of positive matrices, each stored in full. The package's reader of such files returns the parts in another order
    # than its solver takes them.
    starts = numpy.cumsum([0] + [order * order for order in orders])
    full = [
        (matrix, starts[block] + one * orders[block] + other, value)
        for matrix, block, row, column, value in entries
        for one, other in {(row, column), (column, row)}
    ]
    places, columns, values = zip(*((place, matrix - 1, value) for matrix, place, value in full if matrix > 0))
    left = sparse.csc_matrix((values, (places, columns)), shape=(starts[-1], len(costs)))
    right = sparse.csc_matrix((starts[-1], 1)).tolil()
    for matrix, place, value in full:
        if matrix == 0:
            right[place, 0] = value
    cost = sparse.csc_matrix(numpy.array(costs)[:, None])
    problem = (left, right.tocsc(), cost, sdpap.SymCone(f=len(costs)), sdpap.SymCone(s=tuple(orders)))
    options = {"epsilonStar": gap(inputs), "epsilonDash": gap(inputs), "mpfPrecision": 256, "numThreads": threads, "print": "no"}

    def call():
        return sdpap.solve(*problem, options)

    def answer(found):
        state = found[2]
        if state["phasevalue"] != "pdOPT":
            raise RuntimeError(f"it ended with {state['phasevalue']}")
        return [state["primalObj"]]

    return call, answer


def read(path):
    """Costs, orders of blocks, and entries (matrix, block, row, column, value) counted from 0."""
    words = path.read_text().split()
    count, blocks = int(words[0]), int(words[1])
    orders = [int(word) for word in words[2 : 2 + blocks]]
    first = 2 + blocks
    costs = [float(word) for word in words[first : first + count]]
    rest = words[first + count :]
    entries = [
        (int(rest[place]), *(int(word) - 1 for word in rest[place + 1 : place + 4]), float(rest[place + 4]))
        for place in range(0, len(rest), 5)
    ]
    return costs, orders, entries


def clarabel(inputs, threads):
    import clarabel
    from scipy import sparse

    PACKAGES.append("clarabel")
    costs, orders, entries = read(inputs / "problem.dat-s")
    starts = numpy.cumsum([0] + [order * (order + 1) // 2 for order in orders])
    places, columns, values = [], [], []
    right = numpy.zeros(starts[-1])
    for matrix, block, row, column, value in entries:
        # Upper triangle, column by column, off the diagonal times √2.
        place = starts[block] + column * (column + 1) // 2 + row
        scaled = value * (1.0 if row == column else numpy.sqrt(2.0))
        if matrix == 0:
            right[place] = -scaled
        else:
            places.append(place)
            columns.append(matrix - 1)
            values.append(-scaled)
    matrix = sparse.csc_matrix((values, (places, columns)), shape=(starts[-1], len(costs)))
    cones = [clarabel.PSDTriangleConeT(order) for order in orders]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = threads
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = gap(inputs)
    zero = sparse.csc_matrix((len(costs), len(costs)))

    def call():
        return clarabel.DefaultSolver(zero, numpy.array(costs), matrix, right, cones, settings).solve()

    def answer(found):
        if "Solved" not in str(found.status):
            raise RuntimeError(f"it ended with {found.status}")
        return [found.obj_val]

    return call, answer
