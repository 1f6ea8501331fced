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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

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
    import time

    import torch
    import torch.nn.functional as F
    from models_pytorch import MODELS, build

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
    print(json.dumps({"seconds": seconds, "memoryMB": peak_megabytes()}))


def peak_megabytes():
    """The largest resident memory of this process alone; getrusage would begin with that of the process that started it."""
    import resource

    try:
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


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


def run_ours(model, arguments, folder, precision, inference=False, batch=None):
    from models_pytorch import MODELS

    settings = MODELS[model]
    config = folder / f"{model}.yaml"
    config.write_text(
        f"data:\n  imageSize: [{settings['size']}, {settings['size']}]\nmodel:\n  name: {model}\n"
        f"  classes: {settings['classes']}\n  inputChannels: 3\noptimizer:\n  clipNorm: 5\n")
    command = [arguments.trainer, "bench", str(config), "--json", "--threads", str(arguments.threads), "--steps",
               str(arguments.steps), "--batch", str(batch or settings["batch"]), "--set",
               f"training.precision={precision}"]
    if inference:
        command.append("--inference-only")
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    part = result["inference" if inference else "training"]
    return {"seconds": part["medianSeconds"], "memoryMB": result["peakMemoryMB"], "share": part["shareOfPeak"]}


def prove_equal(model, arguments, folder):
    """Writes the PyTorch model's results as a parity fixture and lets the trainer check them."""
    import torch
    import torch.nn.functional as F
    from models_pytorch import MODELS, build
    from safetensors.torch import save_file

    torch.manual_seed(1)
    isHorNet = model.startswith("hornet")
    size = 32 if MODELS[model]["size"] == 32 else 64
    # HorNet in small; the others as they are, since their files name a variant.
    net, settings = build(model, **dict(base=8, depths=[1, 1, 2, 1], classes=10, size=size) if isHorNet else {})
    for name, parameter in net.named_parameters():
        with torch.no_grad():
            if "gamma" in name:
                parameter.fill_(0.5)
            elif parameter.dim() > 1 and "complex" not in name:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
    # Mobile-Former has a batch norm over vectors, which two images would leave hardly anything of.
    count = 8 if model.startswith("mobile_former") else 2
    x = torch.randn(count, 3, size, size)
    target = torch.arange(3, 3 + 4 * count, 4) % 10
    tensors = {"param." + name: p.detach().clone() for name, p in net.named_parameters()}
    kept = net.state_dict()
    tensors |= {"param." + name: b.detach().float() for name, b in net.named_buffers() if name in kept}
    tensors |= {"input": x.clone(), "target": target}
    net, x = net.double(), x.double().requires_grad_()
    logits = net(x)
    loss = F.cross_entropy(logits, target, label_smoothing=0.1)
    loss.backward()
    tensors |= {"grad." + name: p.grad for name, p in net.named_parameters()}
    tensors |= {f"feature.{i}": f.detach() for i, f in enumerate(getattr(net, "maps", None) or net.features)}
    tensors |= {"grad.input": x.grad, "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    config = dict(variant=model)
    if isHorNet:
        config = dict(
            architecture="hornet", base_dim=8, depths=settings["depths"], orders=settings["orders"],
            stem_stride=settings["stem_stride"], gate_scale=1 / 3, num_classes=10, in_channels=3,
            global_filters=[list(f) if f else None for f in settings["filters"]])
    path = folder / f"{model}-parity.safetensors"
    save_file({k: v.contiguous() for k, v in tensors.items()}, path,
              metadata={"config": json.dumps(config), "label_smoothing": "0.1"})
    # Mobile-Former's units bend at thresholds that rounding carries values across, which only double precision can tell
    # from a mistake.
    precision = ["--precision", "double"] if model.startswith("mobile_former") else []
    check = subprocess.run([arguments.trainer, "check-parity", str(path), *precision], capture_output=True, text=True)
    if check.returncode != 0:
        sys.exit(f"{model}: the two sides do not compute the same\n{check.stdout}{check.stderr}")
    full, _ = build(model)
    count = sum(p.numel() for p in full.parameters())
    ours = json.loads(subprocess.run(
        [arguments.trainer, "inspect", model, "--json"], capture_output=True, text=True, check=True).stdout)
    if ours["parameters"] != count:
        sys.exit(f"{model}: {ours['parameters']} parameters here, {count} in PyTorch")
    print(f"{model}: {count:,} parameters on both sides; {check.stdout.strip().splitlines()[-1]}", flush=True)


def quartiles(values):
    values = sorted(values)
    return values[len(values) // 4], statistics.median(values), values[-1 - len(values) // 4]


# What is aimed at: how many times faster, at most which part of the memory.
GOALS = {
    ("hornet_nano_7x7", "fp32"): (2.5, 0.5), ("hornet_pico_7x7", "fp32"): (3.5, 0.34),
    ("hornet_nano_gf", "fp32"): (2.5, 0.5), ("hornet_tiny_7x7", "fp32"): (2, 0.5), ("hornet_tiny_gf", "fp32"): (2, 0.5),
    ("convnext_nano32", "fp32"): (1.5, 0.5), ("cvt_nano32", "fp32"): (1.5, 0.5),
    ("swin_nano32", "fp32"): (1.8, 0.5), ("mobile_former_nano32", "fp32"): (1.8, 0.5),
    ("hornet_nano_7x7", "bf16"): (1.8, 0.5), ("hornet_tiny_7x7", "bf16"): (1.8, 0.5),
    ("hornet_tiny_7x7", "inference"): (2, 0.5),
}
HEADER = ["work", "precision", "ours, ms", "of the peak", "PyTorch, ms", "its mode", "faster by", "aim", "MB",
          "PyTorch, MB", "ratio", "aim of it"]


def compare(name, arguments, folder, rows, inference=False, batch=None):
    """Alternates our precisions with PyTorch's modes and adds a row for each precision."""
    precisions = {"fp32": [m for m in arguments.modes if m != "bf16"]}
    if "bf16" in arguments.modes:
        precisions["bf16"] = ["bf16"]
    results = {}
    for _ in range(arguments.rounds):
        for precision, modes in precisions.items():
            results.setdefault("ours " + precision, []).append(
                run_ours(name, arguments, folder, precision, inference, batch))
            for mode in modes:
                if result := run_torch(name, mode, arguments, inference, batch):
                    results.setdefault(mode, []).append(result)
    from models_pytorch import MODELS

    work = f"`{name}`, {'inference' if inference else 'step'}, batch {batch or MODELS[name]['batch']}"
    print(work, flush=True)
    for key, values in results.items():
        low, middle, high = quartiles([v["seconds"] * 1000 for v in values])
        print(f"    {key:14} {middle:8.1f} ms ({low:.1f} .. {high:.1f}) {quartiles([v['memoryMB'] for v in values])[1]:8.0f} MB",
              flush=True)
    for mode in arguments.modes:
        if mode not in results:
            print(f"    {mode:14} did not run")
    for precision, modes in precisions.items():
        middle = lambda mode, key: statistics.median(v[key] for v in results[mode])
        modes = [m for m in modes if m in results]
        if not modes:
            continue
        best = min(modes, key=lambda mode: middle(mode, "seconds"))
        ours = "ours " + precision
        seconds, memory = middle(ours, "seconds"), middle(ours, "memoryMB")
        goal = GOALS.get((name, "inference" if inference else precision), ("", ""))
        rows.append([
            work, precision, f"{seconds * 1000:.1f}", f"{middle(ours, 'share'):.0%}",
            f"{middle(best, 'seconds') * 1000:.1f}", best.replace("_", " "), f"{middle(best, 'seconds') / seconds:.2f}",
            str(goal[0]), f"{memory:.0f}", f"{middle(best, 'memoryMB'):.0f}",
            f"{memory / middle(best, 'memoryMB'):.2f}", str(goal[1])])


def table(rows, header=HEADER):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def update_page(text, name="comparison"):
    """Puts a table between the markers of that name in Docs/Benchmarks.md."""
    page = PROJECT / "Docs" / "Benchmarks.md"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + "\n" + text + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", help="all by default")
    parser.add_argument("--modes", nargs="+", default=["eager", "channels_last", "compile", "bf16"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inference-batches", nargs="*", type=int, default=[1, 32],
                        help="for hornet_tiny_7x7 (1 and 32 by default)")
    parser.add_argument("--json", metavar="FILE", help="writes the rows of the table there")
    parser.add_argument("--update-docs", action="store_true", help="puts the table into Docs/Benchmarks.md")
    parser.add_argument("--trainer", help="the program; the one built here by default")
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
    arguments.trainer = program.trainer(arguments.trainer)
    import torch
    from models_pytorch import MODELS

    unknown = [m for m in arguments.models or [] if m not in MODELS]
    if unknown:
        sys.exit(f"unknown model {unknown[0]}, expected one of {', '.join(MODELS)}")
    if not os.access(arguments.trainer, os.X_OK):
        sys.exit(f"{arguments.trainer}: there is no program, build it with `swift build -c release`")
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads, {os.uname().machine}")
    if torch.version.cuda:
        print("this build of PyTorch loads CUDA's libraries, about 400 MB that a build for the CPU does not need")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in arguments.models or MODELS:
            prove_equal(name, arguments, folder)
            compare(name, arguments, folder, rows)
            if name == "hornet_tiny_7x7":
                for batch in arguments.inference_batches:
                    compare(name, arguments, folder, rows, inference=True, batch=batch)
    print("\n" + table(rows))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps([dict(zip(HEADER, row)) for row in rows], indent=1) + "\n")
    if arguments.update_docs:
        update_page(table(rows))


if __name__ == "__main__":
    main()
