"""JAX: gradients of a loss of the gradient of an input-convex network. SciPy: inversion as in the public code."""

import numpy

PACKAGES = ["numpy"]


def start():
    import jax

    PACKAGES.extend(["jax", "jaxlib"])
    jax.config.update("jax_enable_x64", True)
    return jax, jax.numpy


def split(flat, shapes):
    parts, place = [], 0
    for shape in shapes:
        count = int(numpy.prod(shape, dtype=int))
        parts.append(flat[place : place + count].reshape(shape))
        place += count
    assert place == flat.size
    return parts


def flattened(parts):
    return numpy.concatenate([numpy.asarray(part).ravel() for part in parts])


def dense(jnp, softplus, parts, y, first_bias, alpha):
    """The potential of one row; parts are layer by layer W, H, b, then w and h."""
    parts = list(parts)
    z = None
    while len(parts) > 2:
        w = parts.pop(0) if z is not None else None
        a = parts.pop(0) @ y
        if z is not None:
            a = a + w @ z
        if z is not None or first_bias:
            a = a + parts.pop(0)
        z = softplus(a)
    return parts[0] @ z + parts[1] @ y + alpha / 2 * y @ y


def gradient(jax, jnp, potential, parts, inputs, of_squares):
    x, y = (jnp.asarray(numpy.load(inputs / f"{name}.npy")) for name in ("x", "y"))
    prox = jax.vmap(jax.grad(potential, argnums=1), in_axes=(None, 0))

    def loss(parts):
        return of_squares(((prox(parts, y) - x) ** 2).sum(axis=1)).mean()

    compiled = jax.jit(jax.grad(loss))
    parts = [jnp.asarray(part) for part in parts]
    jax.block_until_ready(compiled(parts))
    return lambda: jax.block_until_ready(compiled(parts)), flattened


def line(inputs, threads):
    jax, jnp = start()
    h = int(numpy.load(inputs / "width.npy")[0])
    shapes = [(h, 1)] + [(h, h), (h, 1), (h,)] * 3 + [(h,), (1,)]
    parts = split(numpy.load(inputs / "parameters.npy"), shapes)

    def softplus(a):
        return jax.nn.softplus(10 * a) / 10

    def potential(parts, y):
        return dense(jnp, softplus, parts, y, False, 0.0)

    return gradient(jax, jnp, potential, parts, inputs, lambda squares: -jnp.expm1(-squares / 0.1**2))


def images(inputs, threads):
    jax, jnp = start()
    c, side = (int(size) for size in numpy.load(inputs / "width.npy"))
    q = side // 4
    shapes = [(3, 3, 1, c)] + [(3, 3, c, c), (3, 3, 1, c), (c,)] * 3
    shapes += [(64, q * q * c), (64, q * q), (64,), (64,)]
    parts = split(numpy.load(inputs / "parameters.npy"), shapes)

    def convolution(image, kernel, stride):
        return jax.lax.conv_general_dilated(
            image[None], kernel, (stride, stride), [(1, 1), (1, 1)], dimension_numbers=("NHWC", "HWIO", "NHWC")
        )[0]

    def softplus(a):
        return jax.nn.softplus(10 * a) / 10

    def potential(parts, y):
        parts = list(parts)
        image = y.reshape(side, side, 1)
        half = image.reshape(side // 2, 2, side // 2, 2, 1).mean(axis=(1, 3))
        quarter = image.reshape(q, 4, q, 4, 1)[:, 1:3, :, 1:3].mean(axis=(1, 3))
        z = softplus(convolution(image, parts.pop(0), 1))
        for source, stride in ((image, 2), (half, 1), (half, 2)):
            w, h, b = parts.pop(0), parts.pop(0), parts.pop(0)
            z = softplus(convolution(z, w, stride) + convolution(source, h, stride) + b)
        w, h, b, last = parts
        z = softplus(w @ z.ravel() + h @ quarter.ravel() + b)
        return last @ z + 0.01 * y @ y

    return gradient(jax, jnp, potential, parts, inputs, lambda squares: squares)


def inversion(inputs, threads):
    from scipy.optimize import fmin_cg

    PACKAGES.append("scipy")
    flat = numpy.load(inputs / "parameters.npy").astype(numpy.float32)
    points = numpy.load(inputs / "points.npy").astype(numpy.float32)
    h1, b1, w2, h2, b2, w, h = split(flat, [(32, 16), (32,), (32, 32), (32, 16), (32,), (32,), (16,)])
    alpha, beta = numpy.float32(0.02), numpy.float32(10)

    def softplus(a):
        return numpy.maximum(a, 0) + numpy.log1p(numpy.exp(-beta * abs(a))) / beta

    def sigmoid(a):
        return 1 / (1 + numpy.exp(-beta * a))

    def potential(y):
        y = y.astype(numpy.float32)
        a1 = h1 @ y + b1
        z1 = softplus(a1)
        a2 = w2 @ z1 + h2 @ y + b2
        value = w @ softplus(a2) + h @ y + alpha / 2 * y @ y
        u2 = sigmoid(a2) * w
        u1 = sigmoid(a1) * (w2.T @ u2)
        return value, h2.T @ u2 + h1.T @ u1 + h + alpha * y

    def call():
        values = []
        for x in points:
            y = fmin_cg(
                lambda y: potential(y)[0] - x @ y.astype(numpy.float32), x, lambda y: potential(y)[1] - x, disp=False
            ).astype(numpy.float32)
            values.append(float(x @ y - x @ x / 2 - potential(y)[0]))
        return values

    return call, numpy.asarray
