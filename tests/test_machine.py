"""What the machine offers: threads are given back whatever happens."""

from __future__ import annotations

import pytest
import torch

from actfunc.machine import single_threaded


def test_threads_are_given_back_after_an_error_too():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with single_threaded(torch.device("cpu")):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError), single_threaded(torch.device("cpu")):
            _ = 1 / 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
