"""The engines that are compared in inference, each in a process of its own:

    inference_engines.py ENGINE PRECISION MODE FOLDER MODEL BATCH THREADS STEPS

FOLDER holds weights.safetensors, model.onnx and images.npy. With STEPS 0 prints the logits of the images, else the median of
the seconds for a random batch and the peak memory, as one line of JSON.
"""
import importlib.util
import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parent / "weights")]

# The module and what pip calls it, by title, and the modes of each precision.
ENGINES = {
    "PyTorch": ("torch", {"fp32": ["eager", "channels_last"], "bf16": ["autocast", "channels_last", "whole"]}),
    "ONNX Runtime": ("onnxruntime", {"fp32": ["latency"]}),
    "OpenVINO": ("openvino", {"fp32": ["latency"], "bf16": ["latency"]}),
}


def is_there(title):
    return importlib.util.find_spec(ENGINES[title][0]) is not None


def torch_engine(precision, mode, folder, model, batch, threads):
    import contextlib

    import tensor_files
    import torch
    from models_pytorch import build

    torch.set_num_threads(threads)
    net, _ = build(model)
    tensors, _ = tensor_files.read(folder / "weights.safetensors")
    net.load_state_dict({name: torch.from_numpy(array.copy()) for name, (_, array) in tensors.items()})
    net.eval()
    if mode != "eager":
        net = net.to(memory_format=torch.channels_last)
    if mode == "whole":
        # Everything in bfloat16; autocast leaves norms and what is between products as it is.
        net = net.to(torch.bfloat16)
    rounds = precision == "bf16" and mode != "whole"

    def run(images):
        x = torch.from_numpy(images)
        if mode in ("channels_last", "whole"):
            x = x.contiguous(memory_format=torch.channels_last)
        if mode == "whole":
            x = x.to(torch.bfloat16)
        autocast = torch.autocast("cpu", dtype=torch.bfloat16) if rounds else contextlib.nullcontext()
        with torch.inference_mode(), autocast:
            return net(x).float().numpy()

    return run


def onnxruntime_engine(precision, mode, folder, model, batch, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(["logits"], {"images": images})[0]


def openvino_engine(precision, mode, folder, model, batch, threads):
    import openvino

    core = openvino.Core()
    graph = core.read_model(str(folder / "model.onnx"))
    shape = [dimension.get_length() for dimension in list(graph.inputs[0].partial_shape)[1:]]
    graph.reshape([batch, *shape])
    compiled = core.compile_model(graph, "CPU", {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision], "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
    })
    request = compiled.create_infer_request()
    return lambda images: request.infer([images])[compiled.outputs[0]]


MAKE = {"PyTorch": torch_engine, "ONNX Runtime": onnxruntime_engine, "OpenVINO": openvino_engine}


def main():
    import numpy as np
    from compare_pytorch import peak_megabytes

    title, precision, mode, folder, model, batch, threads, steps = sys.argv[1:]
    folder, batch, steps = pathlib.Path(folder), int(batch), int(steps)
    images = np.load(folder / "images.npy")
    if steps == 0:
        run = MAKE[title](precision, mode, folder, model, len(images), int(threads))
        return print(json.dumps(run(images).tolist()))
    run = MAKE[title](precision, mode, folder, model, batch, int(threads))
    images = np.random.default_rng(2).standard_normal((batch, *images.shape[1:])).astype(np.float32)
    for _ in range(3):
        run(images)
    times = []
    for _ in range(steps):
        begin = time.perf_counter()
        run(images)
        times.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(times), "memoryMB": peak_megabytes()}))


if __name__ == "__main__":
    main()
