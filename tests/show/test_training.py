"""What training came to, as it is read: accuracies are kept as shares and shown in percent."""

from __future__ import annotations

from actfunc.show.training import accuracy_table
from actfunc.training import Accuracy
from tests.show.printing import printed


def test_accuracies_are_shown_in_percent():
    shown = printed(accuracy_table({"relu": Accuracy(validation=0.897, test=0.8862)}), 60)
    assert shown.split()[-3:] == ["relu", "89.70", "88.62"]
