"""neural-tangents on JAX: kernels in closed form, and the tangent kernel of given weights, in double precision."""

import jax

jax.config.update("jax_enable_x64", True)

import neural_tangents as nt
import numpy
from neural_tangents import stax

PACKAGES = ["neural-tangents", "jax", "jaxlib", "numpy"]
DEPTH = 4


def network(width):
    layers = []
    for _ in range(DEPTH - 1):
        layers += [stax.Dense(width, W_std=1.0, b_std=0.1), stax.Relu()]
    return stax.serial(*layers, stax.Dense(1, W_std=1.0, b_std=0.1))


def limit(inputs, threads):
    points = jax.device_put(numpy.load(inputs / "points.npy"))
    kernel = jax.jit(network(1)[2], static_argnames="get")
    return lambda: kernel(points, None, get="ntk").block_until_ready(), lambda matrix: matrix


def finite(inputs, implementation):
    points = jax.device_put(numpy.load(inputs / "points.npy"))
    parameters = []
    for layer in range(DEPTH):
        weights, biases = (jax.device_put(numpy.load(inputs / f"{kind}-{layer}.npy")) for kind in ("weights", "biases"))
        # A nonlinearity between layers has no parameters.
        parameters += [(weights, biases[None, :]), ()]
    apply = network(parameters[0][0].shape[1])[1]
    kernel = jax.jit(nt.empirical_ntk_fn(apply, trace_axes=(-1,), implementation=implementation))
    return lambda: kernel(points, None, parameters[:-1]).block_until_ready(), lambda matrix: matrix


def finite_jacobian(inputs, threads):
    return finite(inputs, nt.NtkImplementation.JACOBIAN_CONTRACTION)


def finite_vector_products(inputs, threads):
    return finite(inputs, nt.NtkImplementation.NTK_VECTOR_PRODUCTS)
