"""What a handful of public functions give, as digests: `python -m tests.entry_points` prints them.

With an argument, under other defaults of torch, which are set before the package is imported.
"""

from __future__ import annotations

import hashlib
import json
import sys

import torch


def digest(found) -> str:
    """A digest of all that is in a record of tensors and numbers."""
    if isinstance(found, torch.Tensor):
        assert found.device.type == "cpu", found.device
        # by numpy, as under another default device operations may be asked for elsewhere
        told = f"{found.dtype} {tuple(found.shape)}".encode() + found.detach().numpy().tobytes()
        return hashlib.sha256(told).hexdigest()[:16]
    if isinstance(found, (tuple, list)):
        return hashlib.sha256(" ".join(map(digest, found)).encode()).hexdigest()[:16]
    return repr(found)


def figures() -> dict[str, str]:
    """The digests by what they are of."""
    from actfunc import analysis, certify, data, get, mlp
    from actfunc.analysis import correlation, depth, gain, gaussian, propagation, signal
    from actfunc.analysis.gradient_statistics import gradient_statistics
    from actfunc.analysis.landscape import landscape
    from actfunc.analysis.neurons import count_neurons, tally
    from actfunc.catalogue import CATALOGUE
    from actfunc.show.activations import activations_figure
    from actfunc.training import Settings, accuracy, fit, start
    from actfunc.training.members import Epoch

    loaded = data.load("silhouettes", examples=60)
    split = data.split(loaded, 7)
    gelu, params = get("gelu"), mlp.init((784, 8, 10), seed=3)
    settings = Settings(batch_size=10, max_epochs=2, schedule="cosine", optimizer="adam")
    *_, done = fit(start(params, settings), gelu, split, settings)
    images, labels = split.validation
    plain = torch.nn.functional.softplus
    x = torch.linspace(-3, 3, 7, dtype=torch.float32, device="cpu")
    found = {
        "data": loaded[2:4],
        "split": tuple(split),
        "records": [sibling(x) for record in CATALOGUE.values() for sibling in record.siblings],
        "parameters": get("elu")(x, alpha=torch.tensor(0.5, dtype=torch.float64, device="cpu")),
        "init": params,
        "gaussian init": mlp.init((4, 3), gain=1.0, bias=0.1, seed=3),
        "fit": done.best,
        "history": [Epoch(*each)[:4] for each in done.history],
        "accuracy": accuracy(params, plain, split.test),
        "backpropagate": analysis.backpropagate(params, plain, images, labels),
        "dead": analysis.dead_neurons(params, gelu, images),
        "neurons": tally(count_neurons(params, plain, images)),
        "shares": tally(count_neurons(params, gelu, images))[0].share("dead"),
        "statistics": gradient_statistics(params, gelu, images, labels).signals,
        "landscape": landscape(params, gelu, images, labels, steps=4, top=1, probes=2),
        "distribution": analysis.summarise(analysis.distribution(params, gelu, images)[0].post),
        "histogram": analysis.histogram(x),
        "moments": gaussian.moments(gelu, 1.5),
        "fixed points": signal.fixed_points(get("tanh"), 1.3, 0.1),
        "correlation": correlation.correlation_series(gelu, 1.0, 1.4, 0.1)(x / 3),
        "gain": gain.recommend(plain),
        "depth": depth.draw(3, 4, dtype=torch.float32),
        "predicted": propagation.predict(gelu, 1.4, 0.1, depth=3),
        "measured": propagation.measure(gelu, 1.4, width=8, depth=3, networks=2),
        "certificate": repr(certify.certify(get("hardtanh"), dtypes=(torch.float32,)).document()),
    }
    activations_figure([gelu])
    return {name: digest(value) for name, value in found.items()}


if __name__ == "__main__":
    if sys.argv[1:]:
        torch.set_default_dtype(torch.float64)
        torch.set_default_device(sys.argv[1])
    torch.set_num_threads(1)
    print(json.dumps(figures()))
