"""cbx and cma: swarms, their consensus points, and CMA-ES."""

import numpy

PACKAGES = ["numpy"]


def sizes(inputs):
    return numpy.load(inputs / "sizes.npy").astype(int).tolist()


def ackley(x):
    d = x.shape[-1]
    squares, waves = (x**2).sum(-1) / d, numpy.cos(2 * numpy.pi * x).sum(-1) / d
    return -20 * numpy.exp(-0.2 * numpy.sqrt(squares)) - numpy.exp(waves) + 20 + numpy.e


def rastrigin(x):
    x = x - 1
    return (x**2 + 10 * (1 - numpy.cos(2 * numpy.pi * x))).sum(-1)


def run(function, particles, dimension, steps, seed=1):
    from cbx.dynamics import CBO

    start = numpy.random.default_rng(seed).uniform(-3, 3, (1, particles, dimension))
    dynamic = CBO(
        function, f_dim="3D", x=start, noise="anisotropic", dt=0.02, sigma=5.0, lamda=1.0, alpha=1e5,
        max_it=steps, seed=seed, verbosity=0,
    )
    # Without a schedule α stays as it is given.
    dynamic.optimize(sched=None)
    return dynamic.best_particle[0]


def swarm(inputs, threads):
    import cbx.dynamics

    PACKAGES.append("cbx")
    particles, dimension, steps = sizes(inputs)
    return lambda: run(ackley, particles, dimension, steps), lambda point: point


def rastrigin_swarm(inputs, threads):
    import cbx.dynamics

    PACKAGES.append("cbx")
    evaluations, dimension, _ = sizes(inputs)
    call = lambda: [run(rastrigin, 200, dimension, evaluations // 200, seed) for seed in range(1, 9)]
    return call, numpy.concatenate


def rastrigin_evolution(inputs, threads):
    import cma

    PACKAGES.append("cma")
    evaluations, dimension, _ = sizes(inputs)

    def once(seed):
        options = {"popsize": 300, "maxfevals": evaluations, "seed": seed, "verbose": -9}
        strategy = cma.CMAEvolutionStrategy(dimension * [0], 2, options)
        while not strategy.stop():
            points = strategy.ask()
            strategy.tell(points, rastrigin(numpy.array(points)).tolist())
        return strategy.result.xbest

    return lambda: [once(seed) for seed in range(1, 9)], numpy.concatenate


def consensus(inputs, threads):
    from cbx.dynamics.pdyn import compute_consensus_default

    PACKAGES.append("cbx")
    cases = []
    while (inputs / f"points-{len(cases)}.npy").exists():
        cases.append([numpy.load(inputs / f"{name}-{len(cases)}.npy") for name in ("points", "energies", "alpha")])
    compute = compute_consensus_default()

    def call():
        with numpy.errstate(all="ignore"):
            return [compute(e[None], x[None], alpha[:, None])[0].ravel() for x, e, alpha in cases]

    # Numbers that are not finite cannot be handed over; these are far from every right one.
    return call, lambda found: numpy.nan_to_num(numpy.concatenate(found), nan=9e307, posinf=9e307, neginf=-9e307)
