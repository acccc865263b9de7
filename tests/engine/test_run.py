"""What a run knows before it measures anything."""

from __future__ import annotations

from argus_eval.engine.run import process_start_s


def test_a_new_process_imports_what_is_there_already_in_this_one() -> None:
    assert process_start_s(20.0, imported=False) == 20.0
    assert process_start_s(0.5, imported=True) > 5.0
