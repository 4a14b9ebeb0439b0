"""BM3D: denoising by block matching."""

import numpy

PACKAGES = ["numpy"]


def denoise(inputs, threads):
    import bm3d

    PACKAGES.append("bm3d")
    images = numpy.load(inputs / "y.npy")
    side = int(images.shape[1] ** 0.5)

    def call():
        return [bm3d.bm3d(image.reshape(side, side), 0.1).ravel() for image in images]

    return call, numpy.stack
