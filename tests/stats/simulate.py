"""Generators of simulated data for the credibility tests (MEASUREMENT §21)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Latencies of three interleaved arms, each of shape (replicates, images), seconds."""

    baseline: FloatArray
    arm: FloatArray
    twin: FloatArray


def replicate_effects(
    repetitions: int, *, effect: float, sd: float, replicates: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Log effects of an arm and of the A/A twin against one baseline, each of shape (repetitions, replicates).

    Every arm of a replicate has a disturbance of its own, so that the standard deviation of a contrast is ``sd``
    and the two contrasts are correlated through the baseline.
    """
    baseline, arm, twin = rng.normal(0, sd / np.sqrt(2), size=(3, repetitions, replicates))
    return arm + effect - baseline, twin - baseline


def latencies(
    *,
    effect: float,
    sd: float,
    replicates: int,
    images: int,
    rng: np.random.Generator,
    item_sd: float = 0.05,
    drift: float = 0.0,
) -> Latencies:
    """One run: images differ by tens of per cent, replicates by ``sd``, requests by ``item_sd`` and a slow drift.

    Args:
        effect: ln(t_baseline / t_arm) of the arm.
        sd: standard deviation of a replicate's contrast in natural log units, requests aside.
        drift: log change of every latency from the first to the last replicate, common to all arms.
    """
    size = rng.normal(0, 0.4, size=images)
    trend = np.linspace(0, drift, replicates)[:, None]
    process = rng.normal(0, sd / np.sqrt(2), size=(3, replicates, 1))
    noise = rng.normal(0, item_sd, size=(3, replicates, images))
    times = 0.1 * np.exp(size + trend + process + noise)
    return Latencies(baseline=times[0], arm=times[1] * np.exp(-effect), twin=times[2])


def clusters_of(items: int, per_image: int) -> NDArray[np.int64]:
    """Image of each item, ``per_image`` items to an image."""
    return np.arange(items) // per_image


def correlated_events(
    probabilities: tuple[float, ...],
    *,
    items: int,
    per_image: int,
    correlation: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Category of each item, where items of one image have the given intraclass correlation.

    With probability ``√correlation`` an item copies the category drawn for its image, otherwise it draws its own:
    two items of an image then agree through the image with probability ``correlation``, for every category.
    """
    images = -(-items // per_image)
    shared = rng.choice(len(probabilities), p=probabilities, size=images)[clusters_of(items, per_image)]
    own = rng.choice(len(probabilities), p=probabilities, size=items)
    return np.where(rng.random(items) < np.sqrt(correlation), shared, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Paired scores of two arms on the same items, each of shape (n,)."""

    baseline: FloatArray
    arm: FloatArray
    clusters: NDArray[np.int64]


def paired_answers(
    *,
    items: int,
    discordance: float,
    loss: float,
    rng: np.random.Generator,
    accuracy: float = 0.6,
    per_image: int = 1,
    correlation: float = 0.0,
) -> Pairs:
    """Right and wrong answers of two arms.

    Args:
        discordance: share of items on which the arms differ.
        loss: accuracy of the baseline minus accuracy of the arm, at most ``discordance``.
        correlation: of the discordance within an image.
    """
    lost, gained = (discordance + loss) / 2, (discordance - loss) / 2
    right = accuracy - lost
    kinds = correlated_events(
        (right, lost, gained, 1 - right - lost - gained),
        items=items,
        per_image=per_image,
        correlation=correlation,
        rng=rng,
    )
    return Pairs(
        baseline=(kinds <= 1).astype(np.float64),
        arm=((kinds == 0) | (kinds == 2)).astype(np.float64),
        clusters=clusters_of(items, per_image),
    )


#: Scores that VQA accuracy gives, as matches of ten annotators allow
GRADES = np.array([0.0, 0.3, 0.6, 0.9, 1.0])


def paired_grades(
    *,
    items: int,
    discordance: float,
    loss: float,
    rng: np.random.Generator,
    per_image: int = 1,
    correlation: float = 0.0,
) -> Pairs:
    """Graded scores of two arms: a changed item moves between two random grades, more often down than up.

    Args:
        discordance: share of items whose score changes.
        loss: mean score of the baseline minus that of the arm; at most the mean step times ``discordance``.
    """
    steps = [(high - low) for i, high in enumerate(GRADES) for low in GRADES[:i]]
    lost = (discordance + loss / np.mean(steps)) / 2
    if not 0 <= lost <= discordance:
        raise ValueError(f"a loss of {loss} needs more than {discordance} of the items to change")
    kinds = correlated_events(
        (1 - discordance, lost, discordance - lost),
        items=items,
        per_image=per_image,
        correlation=correlation,
        rng=rng,
    )
    pairs = np.array([(high, low) for i, high in enumerate(GRADES) for low in GRADES[:i]])
    high, low = pairs[rng.integers(len(pairs), size=items)].T
    same = rng.choice(GRADES, size=items)
    return Pairs(
        baseline=np.select([kinds == 0, kinds == 1], [same, high], low),
        arm=np.select([kinds == 0, kinds == 1], [same, low], high),
        clusters=clusters_of(items, per_image),
    )
