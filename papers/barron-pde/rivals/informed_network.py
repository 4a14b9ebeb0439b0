"""A physics-informed network for -Lap u + u + u^3 = f in the plane: one tanh layer of 64 units with a periodic embedding."""

import numpy

PACKAGES = ["numpy", "jax"]


def informed(inputs, threads):
    import jax
    import jax.numpy as jnp

    waves = numpy.load(inputs / "waves.npy")
    side = int(numpy.load(inputs / "parameters.npy")[1])
    frequencies, amplitudes, phases = jnp.asarray(waves[:, :2]), jnp.asarray(waves[:, 2]), jnp.asarray(waves[:, 3])

    def forcing(x):
        return jnp.sum(amplitudes * jnp.cos(2 * jnp.pi * frequencies @ x + phases))

    def network(p, x):
        z = 2 * jnp.pi * x
        features = jnp.concatenate([jnp.cos(z), jnp.sin(z)])
        return jnp.dot(p["a"], jnp.tanh(p["w"] @ features + p["b"])) + p["c"]

    def residual(p, x):
        u = network(p, x)
        return -jnp.trace(jax.hessian(network, 1)(p, x)) + u + u**3 - forcing(x)

    def loss(p, xs):
        return jnp.mean(jax.vmap(lambda x: residual(p, x))(xs) ** 2)

    @jax.jit
    def train(key):
        keys = jax.random.split(key, 4)
        p = {
            "a": jax.random.normal(keys[0], (64,)) / 8,
            "w": jax.random.normal(keys[1], (64, 4)),
            "b": jax.random.normal(keys[2], (64,)),
            "c": jnp.zeros(()),
        }
        zeros = jax.tree.map(jnp.zeros_like, p)

        def step(state, inputs):
            p, m, v = state
            index, key = inputs
            slope = jax.grad(loss)(p, jax.random.uniform(key, (512, 2)))
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, slope)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, slope)
            rate = 5e-3 * 0.5 ** (index // 1000) * jnp.sqrt(1 - 0.999 ** (index + 1)) / (1 - 0.9 ** (index + 1))
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), p, m, v)
            return (p, m, v), None

        steps = jnp.arange(4000)
        return jax.lax.scan(step, (p, zeros, zeros), (steps, jax.random.split(keys[3], 4000)))[0][0]

    key = jax.random.PRNGKey(0)
    train(key)["c"].block_until_ready()
    grid = jnp.stack(jnp.meshgrid(jnp.arange(side) / side, jnp.arange(side) / side, indexing="ij"), -1).reshape(-1, 2)
    values = jax.jit(lambda p: jax.vmap(lambda x: network(p, x))(grid))
    return lambda: numpy.asarray(values(train(key))).reshape(side, side), lambda found: found.astype(float)
