"""Matrix games as linear programs: min v with A x <= v, x on the simplex; y are the multipliers."""

import numpy
import scipy.sparse

PACKAGES = ["numpy", "scipy"]


def program(inputs):
    if (inputs / "matrix.npy").exists():
        matrix = scipy.sparse.csr_matrix(numpy.load(inputs / "matrix.npy"))
    else:
        entries = numpy.load(inputs / "entries.npy")
        size = int(entries[:, :2].max()) + 1
        places = entries[:, :2].astype(int).T
        matrix = scipy.sparse.csr_matrix((entries[:, 2], places), shape=(size, size))
    rows, columns = matrix.shape
    # Rows A x - v <= 0, then sum x = 1.
    above = scipy.sparse.hstack([matrix, -numpy.ones((rows, 1))])
    below = scipy.sparse.csr_matrix(numpy.append(numpy.ones(columns), 0.0))
    constraints = scipy.sparse.vstack([above, below]).tocsc()
    return constraints, rows, columns, float(numpy.load(inputs / "gap.npy")[0])


def highs(inputs, threads):
    import highspy

    PACKAGES.append("highspy")
    constraints, rows, columns, _ = program(inputs)

    def call():
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("solver", "simplex")
        solver.setOptionValue("threads", threads)
        problem = highspy.HighsLp()
        problem.num_col_, problem.num_row_ = columns + 1, rows + 1
        problem.col_cost_ = numpy.append(numpy.zeros(columns), 1.0)
        problem.col_lower_ = numpy.append(numpy.zeros(columns), -highspy.kHighsInf)
        problem.col_upper_ = numpy.full(columns + 1, highspy.kHighsInf)
        problem.row_lower_ = numpy.append(numpy.full(rows, -highspy.kHighsInf), 1.0)
        problem.row_upper_ = numpy.append(numpy.zeros(rows), 1.0)
        problem.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        problem.a_matrix_.start_ = constraints.indptr
        problem.a_matrix_.index_ = constraints.indices
        problem.a_matrix_.value_ = constraints.data
        solver.passModel(problem)
        solver.run()
        found = solver.getSolution()
        return numpy.concatenate([numpy.array(found.col_value)[:columns], -numpy.array(found.row_dual)[:rows]])

    return call, lambda point: point


def pdlp(inputs, threads):
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp as solver

    PACKAGES.append("ortools")
    constraints, rows, columns, gap = program(inputs)

    def call():
        problem = solver.QuadraticProgram()
        problem.constraint_matrix = constraints
        problem.objective_vector = numpy.append(numpy.zeros(columns), 1.0)
        problem.variable_lower_bounds = numpy.append(numpy.zeros(columns), -numpy.inf)
        problem.variable_upper_bounds = numpy.full(columns + 1, numpy.inf)
        problem.constraint_lower_bounds = numpy.append(numpy.full(rows, -numpy.inf), 1.0)
        problem.constraint_upper_bounds = numpy.append(numpy.zeros(rows), 1.0)
        parameters = solvers_pb2.PrimalDualHybridGradientParams()
        parameters.num_threads = threads
        optimality = parameters.termination_criteria.simple_optimality_criteria
        # The same number for all its residuals; the gap that results is judged.
        optimality.eps_optimal_absolute, optimality.eps_optimal_relative = gap, 0.0
        found = solver.primal_dual_hybrid_gradient(problem, parameters)
        if found.solve_log.termination_reason != solve_log_pb2.TERMINATION_REASON_OPTIMAL:
            raise RuntimeError(f"PDLP stopped for reason {found.solve_log.termination_reason}")
        return numpy.concatenate([found.primal_solution[:columns], -found.dual_solution[:rows]])

    return call, lambda point: point
