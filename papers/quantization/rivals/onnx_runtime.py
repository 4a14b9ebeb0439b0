"""onnxruntime: products of integers, and its own quantisation of the perceptron."""

import pathlib
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

PACKAGES = ["onnxruntime", "onnx", "numpy"]


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def model_of(nodes, source, target, constants):
    graph = helper.make_graph(nodes, "contest", [source], [target], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def product(inputs, threads):
    left = numpy.load(inputs / "inputs.npy").astype(numpy.uint8)
    weights = numpy.load(inputs / "weights.npy").astype(numpy.int8)
    model = model_of(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        helper.make_tensor_value_info("x", TensorProto.UINT8, left.shape),
        helper.make_tensor_value_info("y", TensorProto.INT32, (len(left), len(weights))),
        [numpy_helper.from_array(numpy.ascontiguousarray(weights.T), "w")],
    )
    run = session(model.SerializeToString(), threads).run
    return lambda: run(None, {"x": left})[0], lambda sums: sums


def perceptron(inputs):
    nodes, constants, last = [], [], "x"
    layers = len(list(inputs.glob("weights-*.npy")))
    for layer in range(layers):
        for kind in ("weights", "biases"):
            value = numpy.load(inputs / f"{kind}-{layer}.npy").astype(numpy.float32)
            constants.append(numpy_helper.from_array(value, f"{kind}-{layer}"))
        outputs = value.shape[0]
        nodes.append(helper.make_node("Gemm", [last, f"weights-{layer}", f"biases-{layer}"], [f"z{layer}"], transB=1))
        last = f"z{layer}"
        if layer + 1 < layers:
            nodes.append(helper.make_node("Relu", [last], [f"a{layer}"]))
            last = f"a{layer}"
    width = numpy.load(inputs / "inputs.npy").shape[1]
    return model_of(
        nodes,
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ("batch", width)),
        helper.make_tensor_value_info(last, TensorProto.FLOAT, ("batch", outputs)),
        constants,
    )


def single(inputs, threads):
    return running(perceptron(inputs).SerializeToString(), inputs, threads)


def quantised(inputs, threads):
    class Calibration(quantization.CalibrationDataReader):
        def __init__(self):
            self.batches = iter([{"x": numpy.load(inputs / "calibration.npy").astype(numpy.float32)}])

        def get_next(self):
            return next(self.batches, None)

    with tempfile.TemporaryDirectory() as folder:
        real, small = (str(pathlib.Path(folder) / name) for name in ("real.onnx", "small.onnx"))
        onnx.save(perceptron(inputs), real)
        quantization.quantize_static(
            real,
            small,
            Calibration(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
        return running(pathlib.Path(small).read_bytes(), inputs, threads)


def running(model, inputs, threads):
    values = numpy.load(inputs / "inputs.npy").astype(numpy.float32)
    run = session(model, threads).run
    return lambda: run(None, {"x": values})[0], lambda outputs: outputs
