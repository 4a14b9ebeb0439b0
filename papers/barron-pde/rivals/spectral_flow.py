"""The preconditioned flow of -Lap u + u + u^3 = f on a grid, by real FFTs, with a fixed step."""

import numpy

PACKAGES = ["numpy"]


def read(inputs):
    values, parameters = (numpy.load(inputs / f"{name}.npy") for name in ("forcing", "parameters"))
    return values, float(parameters[0]), int(parameters[1])


def symbols(shape):
    side = shape[0]
    axes = [numpy.fft.fftfreq(side, 1 / side)] * (len(shape) - 1) + [numpy.fft.rfftfreq(side, 1 / side)]
    grids = numpy.meshgrid(*axes, indexing="ij")
    return 1 + sum((2 * numpy.pi * grid) ** 2 for grid in grids)


def flow(inputs, forward, backward):
    values, eta, steps = read(inputs)
    scale = symbols(values.shape)
    forcing = forward(values) / scale

    def call():
        u = numpy.zeros_like(forcing)
        for _ in range(steps):
            grid = backward(u)
            u = (1 - eta) * u + eta * (forcing - forward(grid * grid * grid) / scale)
        return backward(u)

    return call, lambda found: found


def numpy_flow_to_residual(inputs, threads):
    """With the step 2/(1 + M) of the largest |u| at each iterate, until the residual's dual norm is 1e-8 of the forcing's."""
    values, _, _ = read(inputs)
    shape = values.shape
    scale = symbols(shape)
    forcing = numpy.fft.rfftn(values) / scale
    counts = numpy.full(scale.shape, 2.0)
    counts[..., 0] = 1
    size = (counts * scale * abs(forcing) ** 2).sum()

    def call():
        u = numpy.zeros_like(forcing)
        while True:
            grid = numpy.fft.irfftn(u, s=shape, axes=range(len(shape)))
            step = u - (forcing - numpy.fft.rfftn(grid**3) / scale)
            if (counts * scale * abs(step) ** 2).sum() <= 1e-16 * size:
                return grid
            u -= 2 / (2 + 3 * (grid**2).max()) * step

    return call, lambda found: found


def numpy_flow(inputs, threads):
    shape = read(inputs)[0].shape
    return flow(inputs, numpy.fft.rfftn, lambda u: numpy.fft.irfftn(u, s=shape, axes=range(len(shape))))


def scipy_flow(inputs, threads):
    import scipy.fft

    PACKAGES.append("scipy")
    shape = read(inputs)[0].shape
    return flow(
        inputs, lambda v: scipy.fft.rfftn(v, workers=threads), lambda u: scipy.fft.irfftn(u, s=shape, workers=threads)
    )
