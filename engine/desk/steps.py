"""The four steps of a picture on its way in: file, grid, floats, input. Any thread."""

import numpy as np
import torch

from engine.config import DataConfig
from engine.data.batches.scaling import Scaling
from engine.data.reading.decode import decode
from engine.data.reading.grid import decoded
from engine.data.reading.header import header_of
from engine.data.reading.seen import as_seen, used_box
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.messages.views import StepsView
from engine.telemetry.mosaics import to_bytes

HEAD_BYTES = 512


def steps_of(
    source: Source,
    index: int,
    data: DataConfig,
    shape_CHW: tuple[int, int, int],
    scaling: Scaling,
    measured_on: int,
    number: int,
) -> StepsView:
    """What becomes of picture `index` before a network of that input shape gets it.

    `number` is that of the source, `measured_on` of how many pictures the scaling was measured.
    OSError or PictureError where its file has gone or is damaged.
    """
    name = shown(source.names[index])
    if source.files is None:
        rgb_HWC = decoded(source, index)
        assert source.pictures_NCHW is not None
        head, size, kind = b"", source.pictures_NCHW[index].nbytes, "array"
        place = f"{source.where}, picture {index:,}"
    else:
        file = source.files.read(index)
        rgb_HWC = decode(file, name)
        header = header_of(file)
        head, size, kind = file[:HEAD_BYTES], len(file), header.kind if header else "picture"
        place = shown(source.files.place(index))
    seen_CHW = as_seen(rgb_HWC, shape_CHW, fit=data.fit)
    height, width, _ = rgb_HWC.shape
    input_CHW = scaling.apply(torch.from_numpy(seen_CHW)[None])[0]
    channels = len(input_CHW)
    painted = to_bytes(
        input_CHW, input_CHW.amin().expand(channels), input_CHW.amax().expand(channels)
    )
    return StepsView(
        source=number,
        index=index,
        name=name,
        place=place,
        label=source.classes[source.labels_N[index]],
        head=head,
        bytes=size,
        kind=kind,
        rgb_HWC=rgb_HWC,
        box=used_box((height, width), shape_CHW, data.fit),
        values_CHW=seen_CHW.astype(np.float32),
        values_bytes_CHW=seen_CHW,
        input_CHW=input_CHW.numpy(),
        input_bytes_CHW=painted.numpy(),
        mean_C=scaling.mean_C,
        std_C=scaling.std_C,
        measured_on=measured_on,
    )
