"""Goldens of the pixel regression and of RCN (best-map.md), made with numpy, scipy and PyTorch on the CPU.

    pip install -r tests/reference/requirements-torch.txt scipy==1.16.3
    python tests/reference/make_rcn_goldens.py

writes crates/loam-nn/tests/goldens/rcn.safetensors: SMAP of six cells on 40 days and what a plain Kalman filter makes of it; five dates of a
small region with gaps and what a plain reference of the regression makes of the last one (theta, spread, kappa, planes); and of the network
with weights of its own: output, loss, gradients, and the losses of five steps of Adam with PyTorch's gradient clipping and one-cycle rate.
"""

import datetime
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 14, 17
DAYS = [0, 2, 5, 6, 9, 14, 17]
HELD = np.diag([4.0, 0.1, 0.1])  # Strength::START: fewer than four predicted dates
DILATIONS = (1, 2, 4, 8, 4, 2, 1)
CLIP, RATE, STEPS = 0.02, 6e-4, 5


def smooth(plane, sigma):
    return gaussian_filter(plane, sigma)


def solved(past, x):
    """theta and spread of a date from the maps before it."""
    A = sum(np.einsum("irc,jrc->ijrc", p["x"], p["x"]) for p in past)
    y = sum(p["x"] * p["r"] for p in past)
    n = A[0, 0]
    s0, n0 = smooth(y[0], 1.5), smooth(n, 1.5)
    prior = np.where(n0 > 0.05, s0 / np.maximum(n0, 1e-9) * (n0 / (n0 + 1)), 0.0)
    held = 1e-3 * n.size
    slopes = np.linalg.solve(A.sum((2, 3)) + np.diag([1e-3, held, held]), y.sum((1, 2)))
    first = np.stack([prior, np.full_like(n, slopes[1]), np.full_like(n, slopes[2])])
    matrix = A.transpose(2, 3, 0, 1) + HELD
    right = (y + np.einsum("ij,jrc->irc", HELD, first)).transpose(1, 2, 0)
    theta = np.linalg.solve(matrix, right[..., None])[..., 0].transpose(2, 0, 1)
    return theta, np.sqrt(np.einsum("irc,rcij,jrc->rc", x, np.linalg.inv(matrix), x)), n, y[0] / np.maximum(n, 1)


def regression(days):
    """The prediction of the last day from those before it, as best-map.md writes it, with kappa (F - B) beside theta.x."""
    memory, last, past, product, square = None, None, [], 0.0, 0.0
    for n, day in enumerate(days):
        B, t, filtered = day["bilinear"], day["day"], day["filtered"] - day["bilinear"]
        wet = smooth(B, 8) - 0.2
        departure = np.zeros_like(B) if memory is None else B - memory
        change = smooth(departure, 4)
        x = np.stack([np.ones_like(B), wet, change])
        predicted = max(len(past) - 1, 0)
        kappa = np.clip(product / square, 0, 1) * predicted / (predicted + 1.0) if square else 0.0
        if n == len(days) - 1:
            break
        known = np.isfinite(day["map"]) & day["seen"]
        r = np.where(known, day["map"] - B - kappa * filtered, 0.0)
        level = r[known].mean()
        r = np.where(known, r - level, 0.0)
        if past:
            off = (solved(past, x)[0] * x).sum(0)[known] - r[known]
            f = filtered[known] - filtered[known].mean()
            product, square = product + (f * (kappa * f - off)).mean(), square + (f * f).mean()
        past.append({"x": x * known, "r": r, "known": known, "day": t, "level": level})
        k = 0.0 if memory is None else np.exp(-(t - last) / 6.0)
        memory = B.copy() if memory is None else k * memory + (1 - k) * B
        last = t
    assert 0.05 < kappa < 0.95, kappa
    theta, spread, n, mean = solved(past, x)
    residual = (theta * x).sum(0)
    estimate = B + kappa * filtered + residual + sum(p["level"] for p in past) / (len(past) + 4.0)
    newest = past[::-1][:4]
    slots = newest + [None] * (4 - len(newest))
    of = lambda get: [np.zeros_like(B) if p is None else np.where(p["known"], get(p), 0.0) for p in slots]
    planes = [
        B - B.mean(), day["as_is"] - B, residual, theta[0], theta[1] * wet, theta[2] * change, spread, np.log1p(n) / 4,
        n / (n + 2) * mean, wet, change, departure, np.full_like(B, B.mean() - 0.2),
        *of(lambda p: p["r"]), *of(lambda p: 1.0), *of(lambda p: np.exp(-(t - p["day"]) / 15.0)), kappa * filtered,
    ]
    return estimate, np.stack(planes)


def filtered(days, first, overpass, evening):
    """Kalman filters of five q, cell by cell; of each day the mean under the q that made the looks so far likeliest."""
    changes = [0.03, 0.1, 0.3, 1.0, 3.0]
    cells = first.shape[1]
    mean, variance = np.full((5, cells), np.nan), np.full((5, cells), np.nan)
    squares, logs, looks, answers = np.zeros(5), np.zeros(5), 0, []
    both, more = np.zeros(cells), np.zeros(cells)
    for n, day in enumerate(days):
        variance += np.array(changes)[:, None] * (day - days[n - 1] if n else 0)
        later = more / (both + 10)
        for cell in range(cells):
            seen = []
            if np.isfinite(first[n, cell]):
                seen.append(first[n, cell] - later[cell] * (overpass[n, cell] == 1))
            if np.isfinite(evening[n, cell]):
                seen.append(evening[n, cell] - later[cell])
                both[cell] += 1
                more[cell] += evening[n, cell] - first[n, cell]
            for look in seen:
                if np.isnan(mean[0, cell]):
                    mean[:, cell], variance[:, cell] = look, 1.0
                    continue
                looks += 1
                of_innovation = variance[:, cell] + 1
                innovation = look - mean[:, cell]
                squares += innovation**2 / of_innovation
                logs += np.log(of_innovation)
                gain = variance[:, cell] / of_innovation
                mean[:, cell] += gain * innovation
                variance[:, cell] *= 1 - gain
        best = 2 if looks < 50 else int(np.argmin(looks * np.log(squares) + logs))
        answers.append(mean[best].copy())
    return np.array(answers), best


def filter_goldens(out):
    random = np.random.default_rng(11)
    days = np.cumsum(random.integers(1, 4, 40))
    shape = (len(days), 6)
    truth = 0.2 + np.cumsum(random.normal(0, 0.012, shape), axis=0)
    look = lambda: truth + random.normal(0, 0.025, shape)
    overpass = (random.random(shape) < 0.4).astype("f8")
    first = np.where(random.random(shape) < 0.15, np.nan, look() + 0.01 * overpass)
    evening = np.where((random.random(shape) < 0.5) & (overpass == 0) & np.isfinite(first), look() + 0.01, np.nan)
    first, evening = first.astype("f4").astype("f8"), evening.astype("f4").astype("f8")
    # A cell that is seen on the last day alone, one that never is.
    first[:-1, 4], evening[:-1, 4] = np.nan, np.nan
    first[:, 5], evening[:, 5] = np.nan, np.nan
    answers, best = filtered(days, first, overpass, evening)
    assert best != 2, "the q that is chosen must not be the first one"
    of = lambda values: torch.tensor(np.nan_to_num(values, nan=-9999.0), dtype=torch.float32)
    out.update({"filter.days": of(days), "filter.first": of(first), "filter.overpass": of(overpass)})
    out.update({"filter.evening": of(evening), "filter.filtered": of(answers)})


class Rcn(nn.Module):
    def __init__(self, planes, width=32):
        super().__init__()
        self.first = nn.Conv2d(planes, width, 3, padding=1)
        for n, d in enumerate(DILATIONS):
            self.add_module(f"block{n}", nn.Conv2d(width, width, 3, padding=d, dilation=d))
        self.last = nn.Conv2d(width, 2, 3, padding=1)

    def forward(self, x):
        h = F.silu(self.first(x))
        for n in range(len(DILATIONS)):
            h = h + F.silu(getattr(self, f"block{n}")(h))
        return self.last(h)


def loss_of(model, x, base, target, mask):
    out = model(x)
    error = (base + 0.1 * out[:, :1] - target) * mask
    pixels = mask.sum((1, 2, 3), keepdim=True)
    error = (error - error.sum((1, 2, 3), keepdim=True) / pixels) * mask
    square, log_variance = error**2, out[:, 1:]
    urmse = (square.sum((1, 2, 3)) / pixels.flatten()).sqrt()
    likelihood = ((square.detach() * torch.exp(-log_variance) * 1000 + log_variance) * mask).sum((1, 2, 3)) / pixels.flatten()
    return out, (urmse + 0.002 * likelihood).mean()


def main():
    random = np.random.default_rng(7)
    days = []
    for n, day in enumerate(DAYS):
        bilinear = 0.22 + smooth(random.normal(0, 1, (ROWS, COLUMNS)), 2) * 0.3
        truth = bilinear + 0.03 * np.sin(np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)) + random.normal(0, 0.02, bilinear.shape)
        truth[random.random(truth.shape) < 0.3] = np.nan
        seen = random.random(truth.shape) > 0.1
        # The map follows SMAP's noise by a third: kappa has something to find.
        noise = smooth(random.normal(0, 1, truth.shape), 2) * 0.15
        truth, filtered_smap = truth - 0.33 * noise, bilinear - noise
        days.append({"day": day, "bilinear": bilinear.astype("f4").astype("f8"), "as_is": (bilinear + 0.01).astype("f4").astype("f8"),
                     "filtered": filtered_smap.astype("f4").astype("f8"), "map": truth.astype("f4").astype("f8"), "seen": seen})
    # Four maps before the last date: nothing is predicted often enough to choose a strength.
    used = days[:4] + days[-1:]
    estimate, planes = regression(used)
    out = {}
    filter_goldens(out)
    for n, day in enumerate(used):
        for key in ("bilinear", "as_is", "filtered", "map"):
            out[f"day{n}.{key}"] = torch.tensor(np.nan_to_num(day[key], nan=-9999.0), dtype=torch.float32)
        out[f"day{n}.seen"] = torch.tensor(day["seen"], dtype=torch.float32)
        out[f"day{n}.day"] = torch.tensor([float(day["day"])])
    out["estimate"], out["planes"] = (torch.tensor(v, dtype=torch.float32) for v in (estimate, planes))

    torch.manual_seed(3)
    torch.set_num_threads(1)
    model = Rcn(len(planes))
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(2, len(planes), ROWS, COLUMNS, generator=generator)
    base = 0.2 + 0.05 * torch.randn(2, 1, ROWS, COLUMNS, generator=generator)
    target = base + 0.03 * torch.randn(base.shape, generator=generator)
    mask = (torch.rand(base.shape, generator=generator) > 0.3).float()
    for name, tensor in model.state_dict().items():
        out[f"weights.{name}"] = tensor.clone()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, foreach=False)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, cycle_momentum=False)
    losses = []
    for step in range(STEPS):
        output, loss = loss_of(model, x, base, target, mask)
        optimiser.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            out["output"] = output.detach()
            for name, p in model.named_parameters():
                out[f"squares.{name}"] = (p.grad.double() ** 2).sum().float().reshape(1)
                if name in ("first.weight", "block3.weight", "block6.bias", "last.weight", "last.bias"):
                    out[f"grad.{name}"] = p.grad.clone()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP, foreach=False)
        optimiser.step()
        if step + 1 < STEPS:
            schedule.step()
    out["losses"] = torch.tensor(losses)
    out.update(x=x, base=base, target=target, mask=mask)
    path = ROOT / "crates/loam-nn/tests/goldens/rcn.safetensors"
    save_file({key: value.contiguous() for key, value in out.items()}, path, metadata={"made_by": "tests/reference/make_rcn_goldens.py"})
    print(path, path.stat().st_size, losses, datetime.date.today())


main()
