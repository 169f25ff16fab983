"""What `actfunc compare` says before and while it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actfunc.cli.console import Output

if TYPE_CHECKING:
    from actfunc.compare.plan import Plan
    from actfunc.compare.run import Arrangement
    from actfunc.compare.trainer import News
    from actfunc.storage import WorkingSet
    from actfunc.training import Settings


def say_plan(
    output: Output, plan: Plan, arrangement: Arrangement, work: WorkingSet, before: int
) -> None:
    """The first line: how much there is to train, and whether memory makes some of it wait."""
    arms = f"{len(plan.arms)} networks" if len(plan.arms) > 1 else plan.arms[0].activation
    rates = sorted({len(plan.rates(optimizer)) for optimizer in plan.optimizers})
    tried = " to ".join(map(str, rates))
    what = f"{arms} × {len(plan.seeds)} seeds" + f" × {tried} learning rates" * (rates[-1] > 1)
    left = f"{len(plan.members) - before:,} to train"
    known = f"{before:,} trained before" if before else ""
    number = arrangement.everywhere
    by = f"{number} process{'es' * (number > 1)}" if work.device.type == "cpu" else ""
    output.header(*filter(None, (f"{what}: {left}", known, by)))
    if arrangement.at_a_time < arrangement.wanted:
        output.note(
            f"{arrangement.wanted} of each activation at a time do not fit in memory;"
            f" {arrangement.at_a_time} do, so the others wait their turn"
        )


class ComparisonProgress:
    """The bar of a comparison: members done, epochs, how good they are, the time left."""

    def __init__(self, output: Output, plan: Plan, settings: Settings, before: int) -> None:
        self._output, self._plan, self._settings = output, plan, settings
        self._done = before

    def __enter__(self) -> ComparisonProgress:
        self._context = self._output.progress()
        self._bar = self._context.__enter__()
        total = (len(self._plan.members) - self._done) * self._settings.max_epochs
        self._task = self._bar.add_task("training", total=total, note="")
        self._epochs: dict[object, int] = {}
        return self

    def __call__(self, news: News) -> None:
        """Tell of one member's epoch."""
        if news.member not in self._epochs and news.epochs > 1:
            self._bar.update(self._task, advance=news.epochs - 1)  # from an earlier run
        self._epochs[news.member] = news.epochs
        self._bar.update(self._task, advance=1)
        member, score = news.member, f"val {100 * news.validation_accuracy:.1f} %"
        if news.diverged is not None:
            score = f"diverged in epoch {news.diverged}"
        if news.finished:
            self._done += 1
            self._bar.update(self._task, advance=self._settings.max_epochs - news.epochs)
            told = f"{member.arm.activation} seed {member.seed} lr {member.learning_rate:g}"
            self._output.line(f"{told}: {news.epochs} epochs, {score}")
        note = f"{self._done}/{len(self._plan.members)} done  {member.arm.activation} {score}"
        self._bar.update(self._task, note=note)

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(*error)  # type: ignore[arg-type]
