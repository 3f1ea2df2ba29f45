"""The loop to be measured against: plain PyTorch over the same network, data and batch size."""

import time

import torch
from torch.nn import functional as F

from engine.config import RunConfig
from engine.data.batches.augment import augment
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.networks.build import build
from engine.training.run import VALIDATION_BATCH


class BareLoop:
    """Epochs of training and validation as one writes them by hand, without telemetry.

    `tuned` takes the two settings of torch that the engine takes: weights in channels-last order
    and a fused optimiser. What is then left between the two is what the engine and looking cost.
    """

    def __init__(self, config: RunConfig, device: torch.device, tuned: bool) -> None:
        source = open_source(config.data.source)
        subsets = choose_subsets(source, config.data.subsets, config.data.seed)
        train, validation = subsets.indices("train"), subsets.indices("validation")
        self.classes = len(source.classes)
        self.pictures = torch.from_numpy(source.pictures_NCHW[train]).to(device)
        self.labels = torch.from_numpy(source.labels_N[train]).to(device)
        self.val_pictures = torch.from_numpy(source.pictures_NCHW[validation]).to(device)
        self.val_labels = torch.from_numpy(source.labels_N[validation]).to(device)
        torch.manual_seed(config.training.seed)
        shape_CHW = source.pictures_NCHW.shape[1:]
        self.network = build(config.network, shape_CHW, len(source.classes)).to(device)
        if tuned and device.type == "cpu":
            self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=config.training.learning_rate, fused=tuned or None
        )
        self.config = config
        self.device = device
        self.generator = torch.Generator(device)
        self.steps = self.loop()

    def loop(self):
        """Yields after every step, for ever."""
        batch_size = self.config.training.batch_size
        while True:
            self.network.train()
            order = torch.randperm(len(self.labels), device=self.device)
            total = 0.0
            for chosen in order.split(batch_size):
                pictures = self.pictures[chosen].float() / 255
                pictures, labels = augment(
                    pictures,
                    self.labels[chosen],
                    self.classes,
                    self.config.data.augmentation,
                    self.generator,
                )
                self.optimizer.zero_grad()
                loss = F.cross_entropy(self.network(pictures), labels)
                loss.backward()
                self.optimizer.step()
                if self.device.type == "cpu":
                    total += loss.item()
                yield
            self.network.eval()
            right = 0
            with torch.no_grad():
                for start in range(0, len(self.val_labels), VALIDATION_BATCH):
                    batch = slice(start, start + VALIDATION_BATCH)
                    scores = self.network(self.val_pictures[batch].float() / 255)
                    right = right + (scores.argmax(1) == self.val_labels[batch]).sum()

    def rate(self, seconds: float) -> float:
        """Steps a second over about that many seconds."""
        steps = 0
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            next(self.steps)
            steps += 1
        if self.device.type == "cuda":
            torch.cuda.synchronize()
            passed = time.perf_counter() - began
        return steps / passed
