"""The only place in the training path that brings values from the device to the host.

On the CPU the values are there already. On CUDA a copy into pinned memory runs on a side stream
beside the training and is handed over at a later step boundary, once its event is done: nothing
waits. Other devices (mps) have no such copy and are read at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

Receiver = Callable[[list[np.ndarray]], None]
TensorReceiver = Callable[[list[torch.Tensor]], None]


class Transfer:
    """Moves tensors to the host, in order. Lives in the engine thread."""

    def __init__(self, device: torch.device) -> None:
        self._side = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._under_way: deque[tuple[torch.cuda.Event, list[torch.Tensor], TensorReceiver]] = (
            deque()
        )

    def send(self, tensors: Sequence[torch.Tensor], receive: Receiver) -> None:
        """Call `receive` with read-only arrays of the tensors' values as they are now.

        On CUDA that happens in a later `poll`. Nobody may write into the tensors afterwards.
        """
        if self._side is None:
            receive([_read_only(tensor.detach().cpu()) for tensor in tensors])
            return
        packed = pack(tensors)

        def unpacked(hosts: list[torch.Tensor]) -> None:
            parts = unpack(packed._replace(together=hosts))
            receive([_read_only(tensor) for tensor in parts])

        self.fetch(packed.together, unpacked)

    def fetch(self, tensors: Sequence[torch.Tensor], receive: TensorReceiver) -> None:
        """Like `send`, as tensors on the cpu, which belong to whoever receives them."""
        if self._side is None:
            receive([tensor.detach().cpu() for tensor in tensors])
            return
        self._side.wait_stream(torch.cuda.current_stream(self._side.device))
        with torch.cuda.stream(self._side):
            hosts = []
            for tensor in tensors:
                host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
                host.copy_(tensor.detach(), non_blocking=True)
                tensor.record_stream(self._side)
                hosts.append(host)
            arrived = torch.cuda.Event()
            arrived.record(self._side)
        self._under_way.append((arrived, hosts, receive))

    def poll(self) -> None:
        """Hand over what has arrived; returns at once."""
        while self._under_way and self._under_way[0][0].query():
            self._hand_over()

    def drain(self) -> None:
        """Wait for everything that is under way. Only where training stands still."""
        while self._under_way:
            self._under_way[0][0].synchronize()
            self._hand_over()

    def _hand_over(self) -> None:
        _, hosts, receive = self._under_way.popleft()
        receive(hosts)


def on_host(tensor: torch.Tensor) -> torch.Tensor:
    """A copy in the memory of the host. Waits for it: only where training stands still."""
    return tensor.detach().to("cpu", copy=True)


class Packed(NamedTuple):
    """Tensors that travel together: one (N,) for each dtype, and where in it each one stands."""

    together: list[torch.Tensor]
    places: list[tuple[int, int, torch.Size]]


def pack(tensors: Sequence[torch.Tensor]) -> Packed:
    """As few tensors as can be: many small copies take longer than one that holds them all."""
    flat: dict[torch.dtype, list[torch.Tensor]] = {}
    lengths: dict[torch.dtype, int] = {}
    places = []
    for tensor in tensors:
        kind = tensor.dtype
        start = lengths.setdefault(kind, 0)
        flat.setdefault(kind, []).append(tensor.detach().flatten())
        lengths[kind] = start + tensor.numel()
        places.append((list(flat).index(kind), start, tensor.shape))
    together = [parts[0] if len(parts) == 1 else torch.cat(parts) for parts in flat.values()]
    return Packed(together, places)


def unpack(packed: Packed) -> list[torch.Tensor]:
    """The tensors as they were packed, as views."""
    return [
        packed.together[number][start : start + shape.numel()].view(shape)
        for number, start, shape in packed.places
    ]


def _read_only(tensor: torch.Tensor) -> np.ndarray:
    array: np.ndarray = tensor.numpy()
    array.flags.writeable = False
    return array
