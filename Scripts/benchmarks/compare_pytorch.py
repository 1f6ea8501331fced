#!/usr/bin/env python3
"""Times training steps and inference of the same models here and in PyTorch, alternating in one run.

    Scripts/benchmarks/compare_pytorch.py                          all models, all modes
    Scripts/benchmarks/compare_pytorch.py --models hornet_nano_7x7 --modes eager channels_last --rounds 3

Needs numpy, safetensors and a CPU build of torch 2; where they are missing, makes .venv with them. First proves that both
sides compute the same: equal parameter counts, and `trainer check-parity` on outputs and gradients of the PyTorch model.
Each measurement is a process of its own, so that peak memory is that of the work alone.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def ensure_environment():
    try:
        import numpy, safetensors, torch  # noqa: F401
    except ImportError:
        environment = PROJECT / ".venv"
        python = environment / "bin" / "python"
        if pathlib.Path(sys.prefix).resolve() == environment.resolve():
            raise
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "torch", "numpy", "safetensors"], check=True)
        os.execv(str(python), [str(python), *sys.argv])


def torch_step(arguments):
    """The measuring process of the PyTorch side: prints a JSON object."""
    import resource
    import time

    import torch
    import torch.nn.functional as F
    from hornet_pytorch import MODELS, build

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    settings = MODELS[arguments.model]
    model, _ = build(arguments.model)
    batch = arguments.batch or settings["batch"]
    x = torch.randn(batch, 3, settings["size"], settings["size"])
    target = torch.randint(0, settings["classes"], (batch,))
    mode = arguments.mode
    if mode != "eager":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05)
    run = torch.compile(model) if mode == "compile" else model
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "bf16")

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            logits = run(x)
        loss = F.cross_entropy(logits.float(), target, label_smoothing=0.1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()

    def infer():
        with torch.inference_mode(), autocast:
            run(x)

    def timed(work):
        for _ in range(3):
            work()
        times = []
        for _ in range(arguments.steps):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        return statistics.median(times)

    work = infer if arguments.inference else (lambda: (model.train(), step()))
    if arguments.inference:
        model.eval()
    seconds = timed(work)
    print(json.dumps({"seconds": seconds, "memoryMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def run_torch(model, mode, arguments, inference=False, batch=None):
    command = [sys.executable, __file__, "--torch-step", "--model", model, "--mode", mode, "--threads",
               str(arguments.threads), "--steps", str(arguments.steps)]
    if inference:
        command.append("--inference")
    if batch:
        command += ["--batch", str(batch)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        return None
    return json.loads(result.stdout.strip().splitlines()[-1])


def run_ours(model, arguments, folder, inference=False, batch=None):
    from hornet_pytorch import MODELS

    settings = MODELS[model]
    config = folder / f"{model}.yaml"
    config.write_text(
        f"data:\n  imageSize: [{settings['size']}, {settings['size']}]\nmodel:\n  name: {model}\n"
        f"  classes: {settings['classes']}\n  inputChannels: 3\noptimizer:\n  clipNorm: 5\n")
    command = [arguments.trainer, "bench", str(config), "--json", "--threads", str(arguments.threads), "--steps",
               str(arguments.steps), "--batch", str(batch or settings["batch"])]
    if inference:
        command.append("--inference-only")
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    part = result["inference" if inference else "training"]
    return {"seconds": part["medianSeconds"], "memoryMB": result["peakMemoryMB"], "share": part["shareOfPeak"]}


def prove_equal(model, arguments, folder):
    """Writes the PyTorch model's results as a parity fixture and lets the trainer check them."""
    import torch
    import torch.nn.functional as F
    from hornet_pytorch import MODELS, build
    from safetensors.torch import save_file

    torch.manual_seed(1)
    small = dict(base=8, depths=[1, 1, 2, 1], classes=10, size=32 if MODELS[model]["size"] == 32 else 64)
    net, settings = build(model, **small)
    for name, parameter in net.named_parameters():
        with torch.no_grad():
            if "gamma" in name:
                parameter.fill_(0.5)
            elif parameter.dim() > 1 and "complex" not in name:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
    x = torch.randn(2, 3, small["size"], small["size"])
    target = torch.tensor([3, 7])
    tensors = {"param." + name: p.detach().clone() for name, p in net.named_parameters()}
    tensors |= {"input": x.clone(), "target": target}
    net, x = net.double(), x.double().requires_grad_()
    logits = net(x)
    loss = F.cross_entropy(logits, target, label_smoothing=0.1)
    loss.backward()
    tensors |= {"grad." + name: p.grad for name, p in net.named_parameters()}
    tensors |= {f"feature.{i}": f.detach() for i, f in enumerate(net.features)}
    tensors |= {"grad.input": x.grad, "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    config = dict(
        architecture="hornet", base_dim=8, depths=settings["depths"], orders=settings["orders"],
        stem_stride=settings["stem_stride"], gate_scale=1 / 3, num_classes=10, in_channels=3,
        global_filters=[list(f) if f else None for f in settings["filters"]])
    path = folder / f"{model}-parity.safetensors"
    save_file({k: v.contiguous() for k, v in tensors.items()}, path,
              metadata={"config": json.dumps(config), "label_smoothing": "0.1"})
    check = subprocess.run([arguments.trainer, "check-parity", str(path)], capture_output=True, text=True)
    if check.returncode != 0:
        sys.exit(f"{model}: the two sides do not compute the same\n{check.stdout}{check.stderr}")
    full, _ = build(model)
    count = sum(p.numel() for p in full.parameters())
    ours = json.loads(subprocess.run(
        [arguments.trainer, "inspect", model, "--json"], capture_output=True, text=True, check=True).stdout)
    if ours["parameters"] != count:
        sys.exit(f"{model}: {ours['parameters']} parameters here, {count} in PyTorch")
    print(f"{model}: {count:,} parameters on both sides; {check.stdout.strip().splitlines()[-1]}", flush=True)


def compare(name, arguments, folder, rows, inference=False, batch=None):
    results = {mode: [] for mode in ["ours", *arguments.modes]}
    for _ in range(arguments.rounds):
        results["ours"].append(run_ours(name, arguments, folder, inference, batch))
        for mode in arguments.modes:
            result = run_torch(name, mode, arguments, inference, batch)
            if result:
                results[mode].append(result)

    def median(mode, key):
        return statistics.median(r[key] for r in results[mode])

    ours, memory = median("ours", "seconds"), median("ours", "memoryMB")
    work = f"{name}, {'inference' if inference else 'training step'}, batch {batch or 'default'}"
    full = {m: median(m, "seconds") for m in arguments.modes if results[m] and m != "bf16"}
    best = min(full, key=full.get)
    rows.append(
        [work, f"{ours * 1000:.1f}", f"{median('ours', 'share'):.0%}", f"{full[best] * 1000:.1f} ({best})",
         f"{full[best] / ours:.2f}", f"{memory:.0f}", f"{median(best, 'memoryMB'):.0f}",
         f"{memory / median(best, 'memoryMB'):.2f}"])
    print(" | ".join(rows[-1]), flush=True)
    for mode in arguments.modes:
        if results[mode]:
            print(f"    {mode:14} {median(mode, 'seconds') * 1000:8.1f} ms {median(mode, 'memoryMB'):8.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+")
    parser.add_argument("--modes", nargs="+", default=["eager", "channels_last", "compile", "bf16"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inference-batches", nargs="*", type=int, default=[])
    parser.add_argument("--trainer", default=str(PROJECT / ".build" / "release" / "trainer"))
    parser.add_argument("--torch-step", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--inference", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    ensure_environment()
    if arguments.torch_step:
        return torch_step(arguments)
    import torch
    from hornet_pytorch import MODELS

    unknown = [m for m in arguments.models or [] if m not in MODELS]
    if unknown:
        sys.exit(f"unknown model {unknown[0]}, expected one of {', '.join(MODELS)}")
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads, {os.uname().machine}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in arguments.models or MODELS:
            prove_equal(name, arguments, folder)
            compare(name, arguments, folder, rows)
            for batch in arguments.inference_batches:
                compare(name, arguments, folder, rows, inference=True, batch=batch)
    print()
    print("| work | ours, ms | of the peak | PyTorch's best fp32 mode, ms | faster by | MB | PyTorch, MB | memory ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
