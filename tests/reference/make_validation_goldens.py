"""Goldens of the scores against stations: pytesmo, which QA4SM runs, on invented pairs.

    pip install -r tests/reference/requirements-validation.txt
    python tests/reference/make_validation_goldens.py

writes crates/ground-stations/tests/goldens/validation.json: pairs, and what pytesmo's metric calculators make of them (values, analytical and
bootstrapped intervals), anomalies, triple collocation. The bootstrap draws from SplitMix64, started again for each metric, in place of
numpy's generator, so that another program can draw the same.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytesmo.metrics.confidence_intervals as ci
from pytesmo.metrics import pairwise
from pytesmo.time_series.anomaly import calc_anomaly
from pytesmo.validation_framework.metric_calculators import PairwiseIntercomparisonMetrics

ROOT = Path(__file__).resolve().parents[2]
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self):
        self.state = 0

    def choice(self, n, size):
        out = np.empty(size, dtype=int)
        for i in range(size):
            self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
            z = self.state
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            out[i] = ((z ^ (z >> 31)) * n) >> 64
        return out


def with_own_draws(function, *arguments):
    generator = SplitMix64()
    old, np.random.choice = np.random.choice, generator.choice
    try:
        return function(*arguments)
    finally:
        np.random.choice = old


def scores(x, y):
    calculator = PairwiseIntercomparisonMetrics(min_obs=2, calc_kendall=False)
    # Results are float32 there: give them room, or 1e-9 could not be asked for.
    for key, value in calculator.result_template.items():
        calculator.result_template[key] = value.astype(np.float64)
    result = calculator.calc_metrics(pd.DataFrame({"ref": x, "k1": y}), (0, 0.0, 0.0))
    found = {key: float(value[0]) for key, value in result.items() if key not in ("gpi", "lon", "lat", "status")}
    if len(x) >= 100:
        for name in ["mse_var", "mse_corr", "mse_bias", "mse", "RMSD"]:
            function = {"mse": pairwise.msd, "RMSD": pairwise.rmsd}.get(name) or getattr(pairwise, name)
            _, lower, upper = with_own_draws(ci.with_bootstrapped_ci, function, x, y)
            found[f"{name}_ci_lower"], found[f"{name}_ci_upper"] = float(lower), float(upper)
    return {key: None if not np.isfinite(value) else value for key, value in found.items()}


def series(rng, n, noise, ties):
    truth = 0.2 + 0.08 * np.sin(np.arange(n) / 23.0) + 0.03 * rng.standard_normal(n)
    x = truth * 0.9 + 0.03 + noise * rng.standard_normal(n)
    y = truth + 0.03 * rng.standard_normal(n)
    return (np.round(x, 2), np.round(y, 2)) if ties else (x, y)


def main():
    rng = np.random.default_rng(21)
    pairs = []
    for name, n, noise, ties in [
        ("twelve", 12, 0.02, False),
        ("fewer than a bootstrap needs", 99, 0.05, True),
        ("ties", 150, 0.02, True),
        ("noise", 400, 0.2, False),
        ("many", 3000, 0.02, False),
    ]:
        x, y = series(rng, n, noise, ties)
        pairs.append({"name": name, "x": x.tolist(), "y": y.tolist(), "scores": scores(x, y)})
    constant = np.full(20, 0.25)
    pairs.append({"name": "constant", "x": constant.tolist(), "y": y[:20].tolist(), "scores": scores(constant, y[:20])})

    # Overpasses at 6 am and 6 pm with gaps; some exactly half a window apart.
    hours = np.cumsum(rng.choice([12, 24, 36, 60, 24 * 9], size=300)) + 6
    minutes = hours * 60
    values = 0.2 + 0.1 * np.sin(hours / 24 / 60) + 0.02 * rng.standard_normal(len(hours))
    index = pd.to_datetime("2015-04-01") + pd.to_timedelta(hours, unit="h")
    anomaly = calc_anomaly(pd.Series(values, index=index), window_size=35).to_numpy()

    triples = []
    for n, noise in [(100, (0.02, 0.03, 0.04)), (250, (0.01, 0.2, 0.03)), (500, (0.02, 0.02, 0.02))]:
        truth = 0.08 * rng.standard_normal(n)
        x = 0.2 + truth + noise[0] * rng.standard_normal(n)
        y = 0.1 + 0.6 * truth + noise[1] * rng.standard_normal(n)
        z = 0.3 + 1.4 * truth + noise[2] * rng.standard_normal(n)
        found = with_own_draws(ci.tcol_metrics_with_bootstrapped_ci, x, y, z)
        number = lambda v: None if not np.isfinite(v) else float(v)  # noqa: E731
        triples.append({
            "x": x.tolist(), "y": y.tolist(), "z": z.tolist(),
            **{name: [[number(v) for v in part] for part in found[i]] for i, name in enumerate(["snr", "err_std", "beta"])},
        })
    out = ROOT / "crates/ground-stations/tests/goldens/validation.json"
    out.parent.mkdir(exist_ok=True)
    golden = {
        "pairs": pairs,
        "anomaly": {"minutes": minutes.tolist(), "values": values.tolist(), "anomaly": anomaly.tolist()},
        "triples": triples,
    }
    out.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
