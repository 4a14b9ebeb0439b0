"""Hessians with PyTorch and packages on it, in double precision."""

import numpy
import torch

PACKAGES = ["numpy", "torch"]


def problem(inputs, threads):
    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)
    x, y, widths, weights = (numpy.load(inputs / f"{name}.npy") for name in ("x", "y", "widths", "weights"))
    widths = widths.astype(int)
    layers, start = [], 0
    for rows, columns in zip(widths[:-1], widths[1:]):
        layer = torch.nn.Linear(rows, columns)
        end = start + rows * columns
        with torch.no_grad():
            # Parameters are stored input by output, PyTorch has output by input.
            layer.weight.copy_(torch.tensor(weights[start:end].reshape(rows, columns).T.copy()))
            layer.bias.copy_(torch.tensor(weights[end : end + columns]))
        layers += [layer, torch.nn.ReLU()]
        start = end + columns
    model = torch.nn.Sequential(*layers[:-1])
    return model, torch.tensor(x), torch.tensor(y.argmax(axis=1)), widths


def places(widths):
    """The place in PyTorch's order of each parameter in the files' order."""
    order, start = [], 0
    for rows, columns in zip(widths[:-1], widths[1:]):
        own = numpy.arange(rows * columns).reshape(columns, rows).T.ravel()
        order += [start + own, start + rows * columns + numpy.arange(columns)]
        start += (rows + 1) * columns
    return numpy.concatenate(order)


def functional(model, x, y):
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]
    flat = torch.cat([p.detach().reshape(-1) for p in model.parameters()])

    def loss(parameters):
        parts, start = {}, 0
        for name, shape in zip(names, shapes):
            parts[name] = parameters[start : start + shape.numel()].reshape(shape)
            start += shape.numel()
        return torch.nn.functional.cross_entropy(torch.func.functional_call(model, parts, (x,)), y)

    def product(vector):
        return torch.func.jvp(torch.func.grad(loss), (flat,), (vector,))[1]

    return flat, product


def vectors(inputs, order):
    given = numpy.load(inputs / "vectors.npy")
    own = numpy.empty_like(given)
    own[:, order] = given
    return torch.tensor(own)


def vmapped_products(inputs, threads):
    model, x, y, widths = problem(inputs, threads)
    order = places(widths)
    own = vectors(inputs, order)
    _, product = functional(model, x, y)
    products = torch.func.vmap(product)
    return lambda: products(own).detach(), lambda found: found.numpy()[:, order]


def graph_products(inputs, threads):
    """The gradient's graph is kept: its construction is not in the call."""
    model, x, y, widths = problem(inputs, threads)
    order = places(widths)
    own = vectors(inputs, order)
    parameters = list(model.parameters())
    sizes = [p.numel() for p in parameters]
    loss = torch.nn.functional.cross_entropy(model(x), y)
    slopes = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters, create_graph=True)])

    def call():
        found = []
        for vector in own:
            parts = torch.autograd.grad(slopes @ vector, parameters, retain_graph=True)
            found.append(torch.cat([p.reshape(-1) for p in parts]))
        return torch.stack(found)

    assert sum(sizes) == own.shape[1]
    return call, lambda found: found.numpy()[:, order]


def curvlinops_products(inputs, threads):
    import curvlinops

    PACKAGES.append("curvlinops-for-pytorch")
    model, x, y, widths = problem(inputs, threads)
    order = places(widths)
    own = vectors(inputs, order)
    parameters = [p for p in model.parameters() if p.requires_grad]
    operator = curvlinops.HessianLinearOperator(
        model, torch.nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False
    )
    return lambda: (operator @ own.T).T.detach(), lambda found: found.numpy()[:, order]


def vmapped_hessian(inputs, threads):
    """Products with unit vectors, a hundred at a time, then with the given vectors."""
    model, x, y, widths = problem(inputs, threads)
    order = places(widths)
    own = vectors(inputs, order)
    flat, product = functional(model, x, y)
    products = torch.func.vmap(product)

    def call():
        size = len(flat)
        hessian = torch.empty(size, size)
        for start in range(0, size, 100):
            end = min(start + 100, size)
            units = torch.zeros(end - start, size)
            units[torch.arange(end - start), torch.arange(start, end)] = 1
            hessian[start:end] = products(units).detach()
        return own @ hessian

    return call, lambda found: found.numpy()[:, order]


def pyhessian_top(inputs, threads):
    import pyhessian

    PACKAGES.append("pyhessian")
    model, x, y, _ = problem(inputs, threads)

    def call():
        computed = pyhessian.hessian(model, torch.nn.CrossEntropyLoss(), data=(x, y), cuda=False)
        return computed.eigenvalues(top_n=10)[0]

    return call, lambda found: numpy.sort(numpy.array(found))[::-1]
