"""The figures of an evaluation, against a computation of their own in numpy."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engine.data.batches.feed import Feed
from engine.data.batches.scaling import Scaling
from engine.data.source import Source, Subsets
from engine.errors import DataError
from engine.messages.evaluation import NO_VERDICT, Evaluated
from engine.tasks.evaluation import BATCH, Evaluation, Pictures, part_of
from engine.tasks.weights import Weights
from tests.engine.made_sources import MadeFiles

SHAPE = (1, 4, 5)
SCALING = Scaling((0.4,), (0.3,))


def source_of(labels_N: np.ndarray, classes: int, seed: int = 0) -> Source:
    chance = np.random.default_rng(seed)
    return Source(
        name="made",
        where="/made",
        classes=tuple(f"class {number}" for number in range(classes)),
        names=tuple(f"{number}.png" for number in range(len(labels_N))),
        labels_N=labels_N,
        fingerprint="aa",
        pictures_NCHW=chance.integers(0, 256, (len(labels_N), *SHAPE), dtype=np.uint8),
    )


class Linear(nn.Sequential):
    """A network that numpy can repeat: flatten, then a matrix and a bias."""

    def __init__(self, outputs: int, seed: int = 0) -> None:
        super().__init__(nn.Flatten(), nn.Linear(20, outputs))
        torch.manual_seed(seed)
        nn.init.normal_(self[1].weight)
        nn.init.normal_(self[1].bias)

    def scores(self, pictures_NCHW: np.ndarray) -> np.ndarray:
        """float64 (N, outputs), without torch."""
        x_NI = (pictures_NCHW.reshape(len(pictures_NCHW), 20) / 255.0 - 0.4) / 0.3
        weight = self[1].weight.detach().numpy().astype(np.float64)
        return x_NI @ weight.T + self[1].bias.detach().numpy().astype(np.float64)


def weights_of(network: nn.Module, step: int = 7) -> Weights:
    device = torch.device("cpu")
    return Weights(network, device, SCALING, SHAPE, 3, lambda: step, live=False)


def evaluated(
    network: nn.Module, source: Source, index_N: np.ndarray | None = None, alone: bool = True
) -> Evaluated:
    index_N = np.arange(len(source)) if index_N is None else index_N
    feed = Feed(source, SHAPE, "stretch", None)
    pictures = Pictures("all", source, feed, index_N, source.labels_N[index_N])
    task = Evaluation(9, weights_of(network), source.classes, pictures)
    done = []
    while not task.advance(alone):
        done.append(task.done)
        assert len(done) < 10_000
    assert done == sorted(done)
    assert task.done == task.total == len(index_N)
    task.close()
    return task.result()


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, 3 * BATCH + 5])
def test_all_figures_are_those_of_an_independent_computation(count: int) -> None:
    classes = 5
    labels_N = np.random.default_rng(1).integers(0, classes, count)
    source, network = source_of(labels_N, classes), Linear(classes)
    told = evaluated(network, source)

    scores_NK = network.scores(source.pictures_NCHW)
    shares_NK = np.exp(scores_NK - scores_NK.max(1, keepdims=True))
    shares_NK /= shares_NK.sum(1, keepdims=True)
    best_N = scores_NK.argmax(1)
    loss_N = -np.log(shares_NK[np.arange(count), labels_N])
    confusion = [[0] * classes for _ in range(classes)]
    for label, best in zip(labels_N.tolist(), best_N.tolist(), strict=True):
        confusion[label][best] += 1

    assert told.predicted_N.tolist() == best_N.tolist()
    np.testing.assert_allclose(told.probability_N, shares_NK.max(1), rtol=1e-4)
    np.testing.assert_allclose(told.loss_N, loss_N, rtol=1e-3, atol=1e-4)
    assert told.loss == pytest.approx(loss_N.mean(), rel=1e-4)
    assert told.accuracy == sum(confusion[k][k] for k in range(classes)) / count
    assert told.confusion_KK.tolist() == confusion
    assert told.confusion_KK.dtype == np.int64
    assert told.pictures_K.tolist() == [sum(row) for row in confusion]
    assert (told.pictures, told.unread, told.undecided) == (count, 0, 0)
    assert (told.task, told.run, told.step, told.last_step) == (9, 3, 7, 7)
    wrong = [place for place in range(count) if best_N[place] != labels_N[place]]
    assert told.mistakes().tolist() == sorted(wrong, key=lambda place: -told.loss_N[place])
    surest = sorted(
        (i for i in range(count) if (labels_N[i], best_N[i]) == (1, 2)),
        key=lambda i: -told.probability_N[i],
    )
    assert told.cell(1, 2).tolist() == surest


def test_a_network_with_one_output_tells_two_classes_apart() -> None:
    labels_N = np.random.default_rng(2).integers(0, 2, 100)
    source, network = source_of(labels_N, 2), Linear(1)
    told = evaluated(network, source)
    odds_N = network.scores(source.pictures_NCHW)[:, 0]
    second_N = 1 / (1 + np.exp(-odds_N))
    assert told.predicted_N.tolist() == (odds_N > 0).astype(int).tolist()
    np.testing.assert_allclose(told.probability_N, np.maximum(second_N, 1 - second_N), rtol=1e-4)
    binary = -np.where(labels_N == 1, np.log(second_N), np.log(1 - second_N)).mean()
    assert told.loss == pytest.approx(binary, rel=1e-4)
    assert told.confusion_KK.sum() == 100


def test_figures_are_of_the_pictures_that_were_chosen_in_their_order() -> None:
    labels_N = np.random.default_rng(3).integers(0, 3, 200)
    source, network = source_of(labels_N, 3), Linear(3)
    index_N = np.array([5, 6, 50, 199])
    told, whole = evaluated(network, source, index_N), evaluated(network, source)
    assert told.index_N.tolist() == index_N.tolist()
    assert told.labels_N.tolist() == labels_N[index_N].tolist()
    assert told.predicted_N.tolist() == whole.predicted_N[index_N].tolist()
    np.testing.assert_allclose(told.loss_N, whole.loss_N[index_N], rtol=1e-5)


def test_a_network_that_has_come_apart_has_no_verdicts() -> None:
    source, network = source_of(np.array([0, 1, 0, 1]), 2), Linear(2)
    with torch.no_grad():
        network[1].weight.fill_(float("nan"))
    told = evaluated(network, source)
    assert told.predicted_N.tolist() == [NO_VERDICT] * 4
    assert told.accuracy == 0.0
    assert np.isnan(told.loss)
    assert told.undecided == 4
    assert told.confusion_KK.tolist() == [[0, 0], [0, 0]]
    assert told.mistakes().tolist() == [0, 1, 2, 3]


def test_one_infinite_score_is_no_verdict_on_that_picture_alone() -> None:
    class Odd(nn.Module):
        def forward(self, pictures_NCHW: torch.Tensor) -> torch.Tensor:
            scores_NK = torch.tensor([[0.0, 5.0]]).repeat(len(pictures_NCHW), 1)
            scores_NK[1, 0] = float("inf")
            return scores_NK

    told = evaluated(Odd(), source_of(np.array([1, 1, 0]), 2))
    assert told.predicted_N.tolist() == [1, NO_VERDICT, 1]
    assert told.accuracy == pytest.approx(1 / 3)
    assert told.mistakes().tolist() == [1, 2]


def png(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 5), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("bad", [(), (0,), (3, 70, 71, 149), tuple(range(150))])
def test_pictures_that_can_not_be_read_are_left_out_and_counted(bad, alone: bool) -> None:
    contents: list[bytes | Exception] = [png(index) for index in range(150)]
    for index in bad:
        contents[index] = b"no picture" if index % 2 else OSError(5, "Input/output error")
    labels_N = np.arange(150) % 3
    source = Source(
        name="files",
        where="/files",
        classes=("a", "b", "c"),
        names=tuple(f"{index}.png" for index in range(150)),
        labels_N=labels_N,
        fingerprint="bb",
        files=MadeFiles(contents),
    )
    network = Linear(3)
    told = evaluated(network, source, alone=alone)
    left = [index for index in range(150) if index not in bad]
    assert told.index_N.tolist() == left
    assert told.unread == len(bad)
    assert told.labels_N.tolist() == labels_N[left].tolist()
    values = np.array(left, np.uint8).reshape(-1, 1, 1, 1)
    scores_NK = network.scores(np.broadcast_to(values, (len(left), *SHAPE)))
    assert told.predicted_N.tolist() == scores_NK.argmax(1).tolist()
    if not left:
        assert np.isnan(told.accuracy)
        assert np.isnan(told.loss)


def test_large_pictures_are_measured_a_few_at_a_time() -> None:
    sizes = []

    class Watched(nn.Module):
        def forward(self, pictures_NCHW: torch.Tensor) -> torch.Tensor:
            sizes.append(len(pictures_NCHW))
            return pictures_NCHW.flatten(1)[:, :2]

    shape = (3, 300, 300)
    source = Source(
        name="large",
        where="/large",
        classes=("a", "b"),
        names=tuple("abcdefgh"),
        labels_N=np.zeros(8, np.int64),
        fingerprint="cc",
        pictures_NCHW=np.zeros((8, *shape), np.uint8),
    )
    device = torch.device("cpu")
    weights = Weights(Watched(), device, Scaling(), shape, 1, lambda: 0, live=False)
    pictures = Pictures(
        "all", source, Feed(source, shape, "stretch", None), np.arange(8), source.labels_N
    )
    task = Evaluation(1, weights, source.classes, pictures)
    while not task.advance(alone=True):
        pass
    task.close()
    assert sizes == [3, 3, 2]


def test_a_part_of_a_source_is_what_its_name_says() -> None:
    source = source_of(np.zeros(6, np.int64), 2)
    subsets = Subsets(np.array([0, 1, 2, 2, -1, 0], np.int8))
    assert part_of(source, subsets, "train").tolist() == [0, 5]
    assert part_of(source, subsets, "validation").tolist() == [1]
    assert part_of(source, subsets, "test").tolist() == [2, 3]
    assert part_of(source, subsets, "all").tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(DataError, match="No picture of made is kept for the test"):
        part_of(source, Subsets(np.zeros(6, np.int8)), "test")
    with pytest.raises(DataError, match="The validation subset of made is empty"):
        part_of(source, Subsets(np.zeros(6, np.int8)), "validation")
