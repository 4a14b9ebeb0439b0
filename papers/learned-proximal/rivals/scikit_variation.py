"""scikit-image: denoising by total variation."""

import numpy

PACKAGES = ["numpy"]


def solver(inputs, **options):
    from skimage.restoration import denoise_tv_chambolle

    PACKAGES.append("scikit-image")
    image = numpy.load(inputs / "image.npy")
    return lambda: denoise_tv_chambolle(image, weight=0.1, **options), numpy.asarray


def long(inputs, threads):
    return solver(inputs, eps=1e-14, max_num_iter=4000)


def defaults(inputs, threads):
    return solver(inputs)
