"""What a network would be that isn't built: the shapes that its layers give."""

from engine.asking.handler import Handler
from engine.asking.service import Asked
from engine.errors import NetworkError
from engine.messages.questions import ShowShapes
from engine.messages.views import LayerShape, ShapesView


def show_shapes(asked: ShowShapes, answer: Asked) -> None:
    """Layers without memory for weights: they are made on torch's meta device."""
    import torch

    from engine.networks.build import each_layer
    from engine.networks.fields import Field

    layers: list[LayerShape] = []
    sentence = ""
    field = Field.of_picture(asked.shape_CHW[1:])
    try:
        with torch.device("meta"):
            for name, module, shape in each_layer(asked.network, asked.shape_CHW, asked.classes):
                field = field.through(module, shape)
                if name != "flatten":
                    weights = sum(each.numel() for each in module.parameters())
                    layers.append(LayerShape(name, shape, weights, field.size_HW))
    except NetworkError as error:
        sentence = str(error)
    answer.put(ShapesView(tuple(layers), sentence))


HANDLERS = (
    Handler(ShowShapes, show_shapes, "networks", newest_only=True, what="Working out the shapes"),
)
