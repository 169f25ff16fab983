"""The study as one JSON document."""

from __future__ import annotations

from typing import Any

from actfunc.tutorial import published, verdict
from actfunc.tutorial.study import Study


def document(study: Study) -> dict[str, Any]:
    """Everything the study found, published figures beside ours, as plain JSON values.

    Accuracies are in percent; networks go by the tutorial's names.
    """
    return {
        **study.work.facts(),
        "pretrained": study.pretrained,
        "seconds": round(study.seconds, 1),
        "test_accuracy": {n: round(100 * a.test, 2) for n, a in study.accuracy.items()},
        "validation_accuracy": {n: round(100 * a.validation, 2) for n, a in study.accuracy.items()},
        "dead_neurons": dict(study.dead),
        "published": {
            "source": f"{published.AUTHOR}, {published.TITLE}",
            "url": published.URL,
            "dataset": {"name": published.DATASET},
            "test_accuracy": published.TEST_ACCURACY,
            "validation_accuracy": published.VALIDATION_ACCURACY,
            "dead_neurons": published.DEAD_NEURONS,
        },
        "agrees": {
            "test_accuracy": {
                name: verdict.of_test_accuracy(study, name)._asdict() for name in study.accuracy
            },
            "dead_neurons": {
                name: verdict.of_dead_neurons(study, name)._asdict() for name in study.dead
            },
        },
        "gradient_spread": {
            name: [float(layer.weight.std(correction=0)) for layer in layers]
            for name, layers in study.gradients.items()
        },
        "epochs": {
            name: [epoch._asdict() for epoch in history]
            for name, history in study.histories.items()
        },
        "certificates": [certificate.document() for certificate in study.certificates.values()],
    }
