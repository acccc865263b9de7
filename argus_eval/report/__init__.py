"""The HTML page and the terminal table."""

from __future__ import annotations

from argus_eval.report.inputs import ReportInput, SampleView
from argus_eval.report.page import render_report, write_report
from argus_eval.report.terminal import print_results

__all__ = ["ReportInput", "SampleView", "print_results", "render_report", "write_report"]
