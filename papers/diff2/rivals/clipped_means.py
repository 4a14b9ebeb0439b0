"""Clipped means of gradients of records, and of their differences, by vmap and grad, in double precision. The first number of an answer says which."""

import numpy

PACKAGES = ["numpy", "jax"]


def compiled(inputs, threads, differences):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    x, y, parameters, later, units = (numpy.load(inputs / f"{name}.npy") for name in ("features", "targets", "parameters", "next", "units"))
    h, p = int(units[0]), x.shape[1]

    def loss(theta, x, y):
        w, b, a, c = theta[: h * p].reshape(h, p), theta[h * p : h * p + h], theta[h * p + h : h * p + 2 * h], theta[-1]
        return 0.5 * (a @ jax.nn.softplus(w @ x + b) + c - y) ** 2

    gradients = jax.vmap(jax.grad(loss), (None, 0, 0))

    @jax.jit
    def mean(theta, later, x, y):
        rows = gradients(theta, x, y)
        if differences:
            rows = gradients(later, x, y) - rows
        radius = 0.01 if differences else 1.0
        factors = jnp.minimum(1.0, radius / jnp.linalg.norm(rows, axis=1))
        return factors @ rows / x.shape[0]

    held = [jax.device_put(value) for value in (parameters, later, x, y)]
    mean(*held).block_until_ready()
    return lambda: mean(*held).block_until_ready(), lambda found: numpy.concatenate([[float(differences)], numpy.asarray(found)])


def gradients(inputs, threads):
    return compiled(inputs, threads, False)


def differences(inputs, threads):
    return compiled(inputs, threads, True)
