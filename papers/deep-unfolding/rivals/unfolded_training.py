"""Unsupervised training of unfolded ISTA with tied steps, layer by layer, on given batches, in double precision."""

import numpy

PACKAGES = ["numpy"]

RATE = 0.03


def read(inputs):
    a, ys, weight, depth, steps = (numpy.load(inputs / f"{name}.npy") for name in ("a", "ys", "weight", "depth", "steps"))
    depth, steps = int(depth[0]), int(steps[0])
    return a, ys.reshape(depth, steps, -1, a.shape[0]), float(weight[0]), depth, steps


def pytorch(inputs, threads):
    import torch

    PACKAGES.append("torch")
    torch.set_num_threads(threads)
    a, batches, weight, depth, steps = read(inputs)
    gram = torch.tensor(a.T @ a)
    matrix = torch.tensor(a)
    plain = float(numpy.log(1 / numpy.linalg.eigvalsh(a @ a.T)[-1]))
    ys = torch.tensor(batches)

    def call():
        logs = torch.zeros(0, dtype=torch.float64)
        for stage in range(depth):
            logs = torch.cat([logs, torch.tensor([plain], dtype=torch.float64)]).detach().requires_grad_()
            adam = torch.optim.Adam([logs], lr=RATE, eps=1e-12)
            for y in ys[stage]:
                b = y @ matrix
                x = torch.zeros_like(b)
                for step in logs.exp():
                    x = soft(x - step * (x @ gram - b), weight * step, torch)
                loss = (0.5 * ((y - x @ matrix.T) ** 2).sum() + weight * x.abs().sum()) / len(y)
                adam.zero_grad()
                loss.backward()
                adam.step()
        return logs.detach().exp()

    return call, lambda found: found.numpy()


def soft(u, threshold, torch):
    return torch.sign(u) * torch.relu(u.abs() - threshold)


def jax_compiled(inputs, threads):
    """One step of Adam for each depth is compiled before the call."""
    import jax
    import jax.numpy as jnp

    PACKAGES.append("jax")
    jax.config.update("jax_enable_x64", True)
    a, batches, weight, depth, steps = read(inputs)
    gram, matrix = jnp.asarray(a.T @ a), jnp.asarray(a)
    plain = float(numpy.log(1 / numpy.linalg.eigvalsh(a @ a.T)[-1]))
    ys = jnp.asarray(batches)

    def loss(logs, y):
        b = y @ matrix
        x = jnp.zeros_like(b)
        for layer in range(len(logs)):
            step = jnp.exp(logs[layer])
            u = x - step * (x @ gram - b)
            x = jnp.sign(u) * jnp.maximum(jnp.abs(u) - weight * step, 0)
        return (0.5 * ((y - x @ matrix.T) ** 2).sum() + weight * jnp.abs(x).sum()) / len(y)

    @jax.jit
    def stage(logs, batches):
        def update(state, y):
            logs, first, second, count = state
            slope = jax.grad(loss)(logs, y)
            count += 1
            first = 0.9 * first + 0.1 * slope
            second = 0.999 * second + 0.001 * slope**2
            rate = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            return (logs - rate * first / (jnp.sqrt(second) + 1e-12), first, second, count), None

        zeros = jnp.zeros_like(logs)
        return jax.lax.scan(update, (logs, zeros, zeros, 0.0), batches)[0][0]

    def call():
        logs = jnp.zeros(0)
        for depth_now in range(depth):
            logs = stage(jnp.append(logs, plain), ys[depth_now])
        return numpy.asarray(jnp.exp(logs))

    call()
    return call, lambda found: found
