"""What the window shows of a network: its stages, found out by one pass of a black picture."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from torch import nn

from engine.errors import NetworkError
from engine.networks.build import LayerNetwork
from engine.networks.passes import Call, Pool, run_once
from engine.networks.stages import Stage
from engine.percent import percent

_NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.LocalResponseNorm)
_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky relu",
    nn.PReLU: "prelu",
    nn.ELU: "elu",
    nn.CELU: "celu",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Mish: "mish",
    nn.Hardswish: "hardswish",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Hardtanh: "hardtanh",
    nn.Softplus: "softplus",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
}


def describe(
    network: nn.Module, shape_CHW: tuple[int, int, int], classes: int
) -> tuple[Stage, ...]:
    """The stages of a network from the picture to the classes.

    A network of ours gives one stage for each entry of its layer list. Of any other module each
    Conv2d and each 2-D pool is a stage, in the order in which they run. A conv followed directly
    by its activation, or by a norm and its activation, is one stage whose maps are taken behind
    the activation, where both run only once; else behind the conv itself. Of a module that runs
    several times the first run counts. `pools` is None where what was pooled has no tap.

    Modes and the random state come back as they were. NetworkError when the network can't be fed
    pictures of `shape_CHW` or doesn't give `classes` scores. Runs on the thread that trains.
    """
    calls, scores, last = run_once(network, shape_CHW)
    # One output is enough for two classes: see class_scores.
    outputs = (1, 2) if scores.shape == (1, 1) else tuple(scores.shape)
    if outputs != (1, classes):
        raise NetworkError(
            f"The network gives scores of the shape {tuple(scores.shape)} for one picture, "
            f"where {classes} classes need (1, {classes}).",
            f"Give its last layer {classes} units.",
        )
    picture = Stage("picture", "picture", "picture", shape_CHW)
    if isinstance(network, LayerNetwork):
        return picture, *_layers(network, calls, classes)
    name, title, parameters = "classes", f"{classes} classes", 0
    if last is not None and isinstance(last.module, nn.Linear):
        name, title, parameters = last.name, f"dense, {title}", _parameters(last.module)
    end = Stage(name, "classes", title, (classes,), parameters=parameters)
    return picture, *_convs_and_pools(calls), end


def _layers(network: LayerNetwork, calls: Iterable[Call], classes: int) -> list[Stage]:
    """A stage for each child of a network of ours, without the flattening."""
    shapes = {call.name: call.shape[1:] for call in calls}
    stages: list[Stage] = []
    pooled: str | None = None
    last = len(network) - 1
    for place, (name, child) in enumerate(network.named_children()):
        shape, parameters = shapes[name], _parameters(child)
        maps = len(shape) == 3
        inner = dict(child.named_children())
        activation = "".join(f", {_word(part)}" for part in inner.values() if _word(part))
        if isinstance(child, nn.Flatten):
            continue
        if isinstance(conv := inner.get("conv"), nn.Conv2d):
            stage = _conv_stage(name, f"{name}.conv", conv, activation, shape, maps, parameters)
        elif isinstance(child, Pool):
            stage = Stage(name, "pool", _pool_title(child), shape, True, pools=pooled)
        elif isinstance(child, _NORMS):
            stage = Stage(name, "norm", "batch norm", shape, maps, parameters=parameters)
        elif isinstance(child, nn.Dropout):
            stage = Stage(name, "dropout", f"dropout {percent(child.p, space=' ')}", shape)
        elif place < last:
            stage = Stage(name, "dense", f"dense{activation}", shape, parameters=parameters)
        else:
            outputs = "1 output for " if shape == (1,) else ""
            title = f"dense, {outputs}{classes} classes"
            stage = Stage(name, "classes", title, shape, parameters=parameters)
        stages.append(stage)
        if stage.has_maps:
            pooled = name
    return stages


def _convs_and_pools(calls: list[Call]) -> list[Stage]:
    """A stage for each conv and pool of a network that isn't ours, in the order of running."""
    runs = Counter(call.name for call in calls)
    after: defaultdict[Call | None, list[Call]] = defaultdict(list)
    for call in calls:
        after[call.before].append(call)
    taps: dict[Call, str] = {}
    stages: list[Stage] = []
    seen: set[str] = set()
    for call in calls:
        if call.name in seen:
            continue
        seen.add(call.name)
        if isinstance(call.module, nn.Conv2d):
            chain = _with_activation(call, after)
            if any(runs[one.name] > 1 or not one.gives_maps for one in chain):
                chain = [call]
            end = chain[-1]
            words = "".join(f", {_word(one.module) or 'norm'}" for one in chain[1:])
            parameters = sum(_parameters(one.module) for one in chain)
            shape = end.shape[1:]
            stages.append(
                _conv_stage(
                    end.name, call.name, call.module, words, shape, end.gives_maps, parameters
                )
            )
        elif isinstance(call.module, Pool):
            end = call
            pooled = taps.get(call.before) if call.before else None
            title = _pool_title(call.module)
            stages.append(
                Stage(call.name, "pool", title, call.shape[1:], call.gives_maps, pools=pooled)
            )
        else:
            continue
        if end.gives_maps:
            taps[end] = end.name
    return stages


def _with_activation(conv: Call, after: dict[Call | None, list[Call]]) -> list[Call]:
    """A conv and what directly follows it: an activation, or a norm and its activation."""
    chain = [conv]
    while len(followers := after.get(chain[-1], [])) == 1:
        (follower,) = followers
        chain.append(follower)
        if _word(follower.module):
            return chain
        if not isinstance(follower.module, _NORMS) or len(chain) > 2:
            break
    return [conv]


def _conv_stage(
    tap: str,
    response_tap: str,
    conv: nn.Conv2d,
    followed_by: str,
    shape: tuple[int, ...],
    has_maps: bool,
    parameters: int,
) -> Stage:
    kernel_IHW = conv.weight.shape[1:]
    title = f"conv {_by(conv.kernel_size)}"
    if conv.groups > 1:
        title = f"{'depthwise' if kernel_IHW[0] == 1 else 'grouped'} {title}"
    if max(conv.stride) > 1:
        same = len(set(conv.stride)) == 1
        title += f", stride {conv.stride[0] if same else _by(conv.stride)}"
    return Stage(
        tap,
        "conv",
        title + followed_by,
        shape,
        has_maps=has_maps,
        response_tap=response_tap,
        kernel_IHW=(kernel_IHW[0], kernel_IHW[1], kernel_IHW[2]),
        parameters=parameters,
    )


def _pool_title(pool: Pool) -> str:
    if isinstance(pool, nn.MaxPool2d | nn.AvgPool2d):
        kind = "max" if isinstance(pool, nn.MaxPool2d) else "average"
        return f"{kind}-pool {_by(pool.kernel_size)}"
    kind = "max" if isinstance(pool, nn.AdaptiveMaxPool2d) else "average"
    return f"{'global' if pool.output_size in (1, (1, 1)) else 'adaptive'} {kind}-pool"


def _word(module: nn.Module) -> str:
    """What an activation is called; "" for any other module."""
    return next((_ACTIVATIONS[kind] for kind in type(module).mro() if kind in _ACTIVATIONS), "")


def _by(sides: int | tuple[int, ...]) -> str:
    return "x".join(str(side) for side in (sides if isinstance(sides, tuple) else (sides, sides)))


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
