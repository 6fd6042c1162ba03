"""The peer of `cargo xtask bench --native`: SMEN in PyTorch eager float32, with the weights and images of `examples/native_bench.rs`.

    pip install -r tests/reference/requirements-torch.txt

First a line of JSON: versions, device, threads. Then one for every line read: `forward 8` or `step 4` makes one run of that task and batch, and
the answer is milliseconds and a number to compare, the mean estimate or the loss before the step. So the two programs take turns. With `reset`
behind it, the task begins with the first weights again.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_goldens import make  # noqa: E402

PINNED = next(
    line.split("==")[1].strip()
    for line in (Path(__file__).resolve().parent / "requirements-torch.txt").read_text().splitlines()
    if line.startswith("torch==")
)


def wave(count, middle, height):
    """In float32 throughout, as the other side makes it."""
    k = numpy.arange(count, dtype=numpy.float32)
    return numpy.float32(middle) + numpy.float32(height) * numpy.sin(k * numpy.float32(0.37)) * numpy.cos(k * numpy.float32(0.011))


def urmse(estimate, target, mask):
    """Masked uRMSE, mean over images, without a copy to the host."""
    images = estimate.shape[0]
    mask = mask.reshape(images, -1)
    count = mask.sum(1, keepdim=True)
    difference = (estimate - target).reshape(images, -1) * mask
    unbiased = (difference - difference.sum(1, keepdim=True) / count) * mask
    return torch.sqrt((unbiased * unbiased).sum(1) / count.squeeze(1)).mean()


class Task:
    def __init__(self, kind, batch, side, device):
        self.kind, self.device = kind, device
        image = lambda depth, middle, height: torch.from_numpy(
            wave(batch * depth * side * side, middle, height).reshape(batch, 1, depth, side, side)
        ).to(device)
        self.images = image(1, 0.25, 0.1), image(4, 0.0, 0.05), image(1, 0.28, 0.08), image(1, 1.0, 0.0)
        self.reset()

    def reset(self):
        model = make("spatiotemporal").to(self.device)
        self.model = model.train() if self.kind == "step" else model.eval()
        self.adam = torch.optim.Adam(self.model.parameters(), lr=1e-4, betas=(0.9, 0.999), eps=1e-8)

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def run(self):
        i, d, target, mask = self.images
        self.wait()
        start = time.perf_counter()
        if self.kind == "step":
            self.adam.zero_grad()
            loss = urmse(self.model(i, d), target, mask)
            number = loss.item()
            loss.backward()
            self.adam.step()
            self.wait()
            return (time.perf_counter() - start) * 1e3, number
        with torch.no_grad():
            estimate = self.model(i, d).cpu()
        return (time.perf_counter() - start) * 1e3, estimate.mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=100)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--tf32", action="store_true", help="let the card round the factors of convolutions to 10 bits, as PyTorch does by default")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no CUDA device")
    # Eager float32 means no TF32, unless asked for.
    torch.backends.cuda.matmul.allow_tf32 = arguments.tf32
    torch.backends.cudnn.allow_tf32 = arguments.tf32
    name = torch.cuda.get_device_name(0) if arguments.device == "cuda" else "CPU"
    if arguments.tf32:
        name += ", TF32"
    print(json.dumps({"torch": torch.__version__, "pinned": PINNED, "device": name, "threads": torch.get_num_threads()}), flush=True)
    tasks = {}
    for line in sys.stdin:
        kind, batch, *rest = line.split()
        key = kind, int(batch)
        if key not in tasks:
            tasks[key] = Task(*key, arguments.side, arguments.device)
        if rest == ["reset"]:
            tasks[key].reset()
            print(json.dumps({}), flush=True)
            continue
        milliseconds, number = tasks[key].run()
        print(json.dumps({"ms": milliseconds, "number": number}), flush=True)


if __name__ == "__main__":
    main()
