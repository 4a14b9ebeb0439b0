"""submodlib and apricot: lazy greedy on coverage by neighbours in a graph."""

import numpy

PACKAGES = ["numpy"]


def neighbours(inputs):
    nodes = int(numpy.load(inputs / "nodes.npy")[0])
    sets = [set() for _ in range(nodes)]
    for one, other in numpy.load(inputs / "edges.npy").astype(int):
        sets[one].add(int(other))
        sets[other].add(int(one))
    return sets


def cardinality(inputs):
    return int(numpy.load(inputs / "cardinality.npy")[0])


def submodlib_select(inputs, threads):
    import submodlib

    PACKAGES.append("submodlib-py")
    sets, k = neighbours(inputs), cardinality(inputs)
    coverage = submodlib.SetCoverFunction(len(sets), sets, len(sets))
    return lambda: lazily(coverage, k), lambda chosen: chosen


def lazily(coverage, k):
    chosen = coverage.maximize(k, optimizer="LazyGreedy", stopIfZeroGain=True, show_progress=False)
    return [element for element, _ in chosen]


def apricot_select(inputs, threads):
    import apricot
    import scipy.sparse

    PACKAGES.append("apricot-select")
    sets, k = neighbours(inputs), cardinality(inputs)
    rows = [row for row, members in enumerate(sets) for _ in members]
    columns = [member for members in sets for member in members]
    matrix = scipy.sparse.csr_matrix((numpy.ones(len(rows)), (rows, columns)), shape=(len(sets), len(sets)))
    call = lambda: apricot.MaxCoverageSelection(k, optimizer="lazy").fit(matrix)
    return call, lambda selection: selection.ranking


def submodlib_updates(inputs, threads):
    import submodlib

    PACKAGES.append("submodlib-py")
    sets, k = neighbours(inputs), cardinality(inputs)
    operations = numpy.load(inputs / "operations.npy").astype(int).tolist()

    def call():
        available, solutions = {}, []
        for element, sign in operations:
            if sign > 0:
                available[element] = None
            else:
                del available[element]
            elements = sorted(available)
            chosen = []
            if elements:
                # The ground set is fixed when a function is made, so that every update makes one.
                coverage = submodlib.SetCoverFunction(len(elements), [sets[one] for one in elements], len(sets))
                # It refuses to select everything there is.
                few = len(elements) <= k
                chosen = elements if few else [elements[place] for place in lazily(coverage, k)]
            solutions.append(chosen)
        return solutions

    def answer(solutions):
        return [chosen + [-1] * (k - len(chosen)) for chosen in solutions]

    return call, answer
