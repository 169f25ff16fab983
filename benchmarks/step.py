"""A compiled training step with our lifted activations against the same step with torch's own.

The tutorial's network, batches of 256 noise images; both steps compiled, taken in turn; a round is
`--steps` steps of each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from contest import cold, contest, report
from torch import Tensor
from torch.nn import functional

from actfunc import get, mlp
from actfunc.data import Examples
from actfunc.training import State, make_step, sgd
from actfunc.training.compile import compiled

SIZES = (784, 512, 256, 256, 128, 10)


def steps(activation: Callable[..., Tensor], batches: list[Examples], device: torch.device):
    """A round of compiled steps, from one state to the next."""
    optimizer, rate = sgd(), torch.tensor(0.01, device=device)
    params = mlp.init(SIZES, seed=42, device=device)
    step, state = compiled(make_step(activation, optimizer)), State(params, optimizer.init(params))

    @torch.no_grad()  # as a program steps
    def a_round() -> None:
        nonlocal state
        for batch in batches:
            state, _ = step(state, batch, rate)

    return a_round


def theirs(name: str) -> Callable[..., Tensor]:
    """Torch's own function, called as an activation is."""
    function = getattr(functional, name)
    return lambda x, order=1: function(x)


def main() -> None:
    """Run the contests and write their results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["gelu", "silu", "tanh", "relu"])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    generator = torch.Generator().manual_seed(0)
    batches = [
        Examples(
            torch.randint(0, 256, (256, 28, 28), dtype=torch.uint8, generator=generator).to(device),
            torch.randint(0, 10, (256,), generator=generator).to(device),
        )
        for _ in range(options.steps)
    ]
    for name in options.names:
        contenders = {
            "torch's own": steps(theirs(name), batches, device),
            "lifted": steps(get(name), batches, device),
        }
        with cold():
            timed = contest(contenders, rounds=options.rounds, device=device)
        report(
            f"step {name}",
            timed,
            device=device,
            times_of=["torch's own"],
            steps_a_round=options.steps,
        )


if __name__ == "__main__":
    main()
