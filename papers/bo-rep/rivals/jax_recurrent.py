"""JAX: gradients and Hessian products through a scan, and hypergradients through the normal equations."""

import numpy

PACKAGES = ["numpy"]


def start():
    import jax

    PACKAGES.extend(["jax", "jaxlib"])
    jax.config.update("jax_enable_x64", True)
    return jax, jax.numpy


def rows(inputs, name, jnp):
    tokens = numpy.load(inputs / f"{name}-tokens.npy").astype(numpy.int32)
    return jnp.asarray(tokens), jnp.asarray(numpy.load(inputs / f"{name}-labels.npy"))


def states(jax, jnp, tokens, wx, wh, b):
    def step(h, token):
        return jnp.tanh(wx[token] + h @ wh + b), None

    h, _ = jax.lax.scan(step, jnp.zeros((tokens.shape[0], wh.shape[0])), tokens.T)
    return h


def classifier(inputs):
    jax, jnp = start()
    tokens, labels = rows(inputs, "train", jnp)
    flat = numpy.load(inputs / "parameters.npy")
    size, v = flat.size, 32
    hidden = next(h for h in range(1, size) if (v + h + 2) * h + 1 == size)
    shapes = [(v, hidden), (hidden, hidden), (hidden,), (hidden,), ()]

    def split(flat):
        parts, place = [], 0
        for shape in shapes:
            count = int(numpy.prod(shape, dtype=int))
            parts.append(flat[place : place + count].reshape(shape))
            place += count
        return parts

    def loss(parts):
        wx, wh, b, w, c = parts
        margins = states(jax, jnp, tokens, wx, wh, b) @ w + c
        return jnp.logaddexp(0, -labels * margins).mean()

    return jax, loss, [jnp.asarray(part) for part in split(flat)], split


def flattened(parts):
    return numpy.concatenate([numpy.asarray(part).ravel() for part in parts])


def gradient(inputs, threads):
    jax, loss, parameters, _ = classifier(inputs)
    compiled = jax.jit(jax.grad(loss))
    jax.block_until_ready(compiled(parameters))
    return lambda: jax.block_until_ready(compiled(parameters)), flattened


def product(inputs, threads):
    jax, loss, parameters, split = classifier(inputs)
    direction = [jax.numpy.asarray(part) for part in split(numpy.load(inputs / "direction.npy"))]
    compiled = jax.jit(lambda p, v: jax.jvp(jax.grad(loss), (p,), (v,))[1])
    jax.block_until_ready(compiled(parameters, direction))
    return lambda: jax.block_until_ready(compiled(parameters, direction)), flattened


def hypergradients(inputs, threads):
    jax, jnp = start()
    train, train_labels = rows(inputs, "train", jnp)
    valid, valid_labels = rows(inputs, "valid", jnp)
    points = jnp.asarray(numpy.load(inputs / "points.npy"))
    v, h = 3, 6

    def features(x, tokens):
        wx, wh, b = x[: v * h].reshape(v, h), x[v * h : v * h + h * h].reshape(h, h), x[v * h + h * h :]
        last = states(jax, jnp, tokens, wx, wh, b)
        return jnp.concatenate([last, jnp.ones((tokens.shape[0], 1))], axis=1)

    def value(x):
        f = features(x, train)
        n = f.shape[0]
        head = jnp.linalg.solve(f.T @ f / n + 0.05 * jnp.eye(h + 1), f.T @ train_labels / n)
        return ((features(x, valid) @ head - valid_labels) ** 2).mean() / 2

    compiled = jax.jit(jax.grad(value))
    jax.block_until_ready(compiled(points[0]))

    def call():
        return [jax.block_until_ready(compiled(x)) for x in points]

    return call, lambda found: numpy.concatenate([numpy.asarray(one) for one in found])
