"""A run on disk: a folder that ``--weights`` takes, and beside it what is needed to go on.

``OUT/model/`` holds the model and its processor; ``OUT/training.pt`` heads, optimizers and progress (tensors and
plain numbers, read back with ``weights_only``). Both are written under another name and renamed.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from argus_eval.errors import UsageError
from argus_eval.models.argus.training.dense_heads import DenseHeads
from argus_eval.models.argus.training.trainee import Trainee
from argus_eval.models.argus.training.trainer import Progress

__all__ = ["CheckpointFolder", "continue_heads", "export_model"]

MODEL_FOLDER = "model"
_STATE = "training.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFolder:
    """Where a run keeps itself.

    Attributes:
        path: the run's folder.
        trainee: what is trained.
        heads: of the tower stage.
    """

    path: pathlib.Path
    trainee: Trainee
    heads: DenseHeads

    def save(self, progress: Progress, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Writes everything; an interrupted write leaves the previous state."""
        self.path.mkdir(parents=True, exist_ok=True)
        export_model(self.trainee, self.path / MODEL_FOLDER, torch.float32)
        partial = self.path / f"{_STATE}.partial"
        torch.save(
            {
                "progress": dataclasses.asdict(progress),
                "heads": self.heads.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            },
            partial,
        )
        partial.rename(self.path / _STATE)

    def load(self) -> tuple[Progress, list[dict[str, Any]]]:
        """Weights of model and heads in place; progress and the states of the optimizers are returned.

        Raises:
            UsageError: nothing to continue from, or another model's.
        """
        file = self.path / _STATE
        if not file.is_file():
            raise UsageError(f"{self.path}: no {_STATE} to continue from; leave --resume out to start")
        state = torch.load(file, map_location="cpu", weights_only=True)
        model = self.trainee.model
        trained = type(model).from_pretrained(self.path / MODEL_FOLDER, dtype=torch.float32)
        try:
            model.load_state_dict(trained.state_dict())
            self.heads.load_state_dict(state["heads"])
        except RuntimeError as error:
            raise UsageError(
                f"{self.path}: trained with another shape; use its --preset and --set values"
            ) from error
        return Progress(**state["progress"]), list(state["optimizers"])


def continue_heads(heads: DenseHeads, folder: pathlib.Path) -> bool:
    """Takes the heads of the run that made a model over, where they lie beside it and fit; whether they did."""
    file = folder.parent / _STATE
    if not file.is_file():
        return False
    state = torch.load(file, map_location="cpu", weights_only=True)["heads"]
    own = heads.state_dict()
    if {name: value.shape for name, value in state.items()} != {name: value.shape for name, value in own.items()}:
        return False
    heads.load_state_dict(state)
    return True


def export_model(trainee: Trainee, folder: pathlib.Path, dtype: torch.dtype) -> None:
    """Writes a folder that ``from_pretrained`` and ``--weights`` take, replacing an older one as a whole."""
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    state = {name: value.detach().to("cpu", dtype) for name, value in trainee.model.state_dict().items()}
    trainee.model.save_pretrained(partial, state_dict=state)
    trainee.processor.save_pretrained(partial)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
