"""Convert the published weights of Galileo nano to the ONNX file that the package carries.

    python scripts/build_galileo.py FOLDER    # FOLDER holds encoder.pt and normalization.json as published

The weights are those of nasaharvest/galileo, folder data/models/nano (MIT). The graph is written node by node after
"Galileo: Learning Global & Local Features of Many Remote Sensing Modalities" (arXiv 2502.09356), for Sentinel-2 alone
and one date. Needs torch (to read the file) and onnx; terrakin itself needs neither.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from etl.encoders.galileo import BAND_KEYS, DESCRIPTION, MODEL, WINDOW_PX

PUBLISHED_SHA256 = "eab6acacf527886a508a555bc24efe4b4a2cf91b162e84cd1c4a1807e942180c"
SOURCE = "https://github.com/nasaharvest/galileo, data/models/nano/encoder.pt"
LICENCE = "MIT"
WIDTH, HEADS, DEPTH = 128, 8, 4
GROUPS = {
    "S2_RGB": (0, 1, 2),
    "S2_Red_Edge": (3, 4, 5),
    "S2_NIR_10m": (6,),
    "S2_NIR_20m": (7,),
    "S2_SWIR": (8, 9),
    "NDVI": (10,),
}
"""Channel groups in the order of their tokens, and the input channels of each."""
TOKEN_PX = 8
SIDE = WINDOW_PX // TOKEN_PX
N_TOKENS = SIDE * SIDE * len(GROUPS)
EPSILON = 1e-5
OPSET, CONTRIB_OPSET, IR_VERSION = 20, 1, 10
FUSED = "com.microsoft"
"""Domain of ONNX Runtime's fused attention, a tenth faster than the same in single operators."""
SHARP_BLOCK = 0
"""The attention of this block is nearly one-hot: its logits reach 16,000."""
LOGIT_RANGE = 80.0
"""Logits further below their row's maximum are raised to this distance: exp(-80) counts for nothing, but smaller
numbers are subnormal in float32, and these made the softmax ten times slower."""


class Graph:
    """An ONNX graph in the making: nodes and constants, each named after its output."""

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        """Start an empty graph over the published parameters."""
        self.state = state
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant and return its name."""
        self.constants[name] = np.ascontiguousarray(values)
        return name

    def parameter(self, name: str, transpose: bool = False) -> str:
        """Add a published parameter and return its name."""
        return self.constant(name, self.state[name].T if transpose else self.state[name])

    def add(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        """Add a node with one output and return the output's name."""
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def linear(self, name: str, given: str) -> str:
        """Add the linear layer ``name`` and return its output."""
        product = self.add("MatMul", [given, self.parameter(f"{name}.weight", transpose=True)], f"{name}.product")
        return self.add("Add", [product, self.parameter(f"{name}.bias")], name)

    def layer_norm(self, name: str, given: str, output: str) -> str:
        """Add the layer normalisation ``name`` and return its output."""
        inputs = [given, self.parameter(f"{name}.weight"), self.parameter(f"{name}.bias")]
        return self.add("LayerNormalization", inputs, output, axis=-1, epsilon=EPSILON)


def read_state(path: Path) -> dict[str, np.ndarray]:
    """Return the published parameters by name; refuse a file with another hash."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != PUBLISHED_SHA256:
        raise SystemExit(f"{path} has SHA-256 {digest}, not {PUBLISHED_SHA256}; download it again from {SOURCE}")
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: values.numpy() for name, values in state.items()}


def embed_pixels(graph: Graph) -> str:
    """Add one convolution per channel group; return tokens (n, N_TOKENS, WIDTH)."""
    sizes = graph.constant("group_sizes", np.array([len(channels) for channels in GROUPS.values()], np.int64))
    parts = [f"{name}.bands" for name in GROUPS]
    graph.nodes.append(helper.make_node("Split", ["bands", sizes], parts, axis=1))
    layers = []
    for name, part in zip(GROUPS, parts, strict=True):
        inputs = [part, *(graph.parameter(f"space_time_embed.{name}.proj.{kind}") for kind in ("weight", "bias"))]
        layers.append(graph.add("Conv", inputs, f"{name}.tokens", kernel_shape=[8, 8], strides=[TOKEN_PX, TOKEN_PX]))
    stacked = graph.add("Concat", layers, "stacked", axis=1)
    by_position = graph.add("Transpose", [stacked], "by_position", perm=[0, 2, 3, 1])
    shape = graph.constant("token_shape", np.array([0, N_TOKENS, WIDTH], np.int64))
    return graph.add("Reshape", [by_position, shape], "pixels")


def add_encodings(graph: Graph, tokens: str) -> str:
    """Add channel group, time step and position (constant) and month (an input) to the tokens."""
    position = sinusoids(np.arange(SIDE))
    fixed = np.zeros((SIDE, SIDE, len(GROUPS), 4, WIDTH // 4), np.float32)
    fixed[..., 0, :] = graph.state["s_t_channel_embed"][1:]  # row 0 is Sentinel-1
    fixed[..., 1, :] = graph.state["pos_embed"][0]
    fixed[..., 3, :16] = position[None, :, None]
    fixed[..., 3, 16:] = position[:, None, None]
    months = np.zeros((12, 4, WIDTH // 4), np.float32)
    months[:, 2] = graph.state["month_embed.weight"]
    encoded = graph.add("Add", [tokens, graph.constant("encodings", fixed.reshape(1, N_TOKENS, WIDTH))], "encoded")
    month = graph.add("Gather", [graph.constant("months", months.reshape(12, 1, WIDTH)), "month"], "month_encoding")
    return graph.add("Add", [encoded, month], "input_tokens")


def sinusoids(position: np.ndarray) -> np.ndarray:
    """Return the encoding (n, 16) of positions (n,) along one axis: 8 sines, then 8 cosines."""
    # i / 32, not i / 8: what the published code computes and the weights were trained with.
    angle = position[:, None] * TOKEN_PX / 10_000 ** (np.arange(8) / 32)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def transformer_block(graph: Graph, name: str, tokens: str) -> str:
    """Add one pre-norm block: attention over all tokens, then the MLP, each with its residual."""
    normed = graph.layer_norm(f"{name}.norm1", tokens, f"{name}.normed1")
    parts = [graph.linear(f"{name}.attn.{part}", normed) for part in "qkv"]
    attend = bounded_attention if name == f"blocks.{SHARP_BLOCK}" else fused_attention
    attended = attend(graph, name, parts)
    tokens = graph.add("Add", [tokens, graph.linear(f"{name}.attn.proj", attended)], f"{name}.residual1")
    normed = graph.layer_norm(f"{name}.norm2", tokens, f"{name}.normed2")
    hidden = graph.add("Gelu", [graph.linear(f"{name}.mlp.fc1", normed)], f"{name}.hidden")
    return graph.add("Add", [tokens, graph.linear(f"{name}.mlp.fc2", hidden)], f"{name}.residual2")


def fused_attention(graph: Graph, name: str, parts: list[str]) -> str:
    """Add attention of q, k and v (n, N_TOKENS, WIDTH) as one operator and return its output."""
    return graph.add("MultiHeadAttention", parts, f"{name}.attended", domain=FUSED, num_heads=HEADS)


def bounded_attention(graph: Graph, name: str, parts: list[str]) -> str:
    """Add the same attention in single operators, its logits bounded below by ``LOGIT_RANGE``."""
    by_head = graph.constant(f"{name}.by_head", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
    heads = []
    for part, order in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True):
        split = graph.add("Reshape", [part, by_head], f"{part}.split")
        heads.append(graph.add("Transpose", [split], f"{part}.heads", perm=order))
    query, key, value = heads
    scale = graph.constant(f"{name}.scale", np.array((WIDTH // HEADS) ** -0.5, np.float32))
    scaled = graph.add("Mul", [query, scale], f"{name}.scaled")
    logits = graph.add("MatMul", [scaled, key], f"{name}.logits")
    last = graph.constant(f"{name}.last", np.array([-1], np.int64))
    highest = graph.add("ReduceMax", [logits, last], f"{name}.highest", keepdims=1)
    width = graph.constant(f"{name}.range", np.array(LOGIT_RANGE, np.float32))
    lowest = graph.add("Sub", [highest, width], f"{name}.lowest")
    bounded = graph.add("Max", [logits, lowest], f"{name}.bounded")
    weights = graph.add("Softmax", [bounded], f"{name}.weights", axis=-1)
    mixed = graph.add("MatMul", [weights, value], f"{name}.mixed")
    rows = graph.add("Transpose", [mixed], f"{name}.rows", perm=[0, 2, 1, 3])
    joined = graph.constant(f"{name}.joined", np.array([0, 0, WIDTH], np.int64))
    return graph.add("Reshape", [rows, joined], f"{name}.attended")


def build(state: dict[str, np.ndarray], normalization: dict[str, list[float]]) -> onnx.ModelProto:
    """Return the model: bands (n, 11, 56, 56) float32 and month (n,) int64, 0 = January -> tokens (n, 294, 128)."""
    graph = Graph(state)
    tokens = add_encodings(graph, embed_pixels(graph))
    for depth in range(DEPTH):
        tokens = transformer_block(graph, f"blocks.{depth}", tokens)
    graph.layer_norm("norm", tokens, "tokens")
    inputs = [
        helper.make_tensor_value_info("bands", TensorProto.FLOAT, ["n", len(BAND_KEYS) + 1, WINDOW_PX, WINDOW_PX]),
        helper.make_tensor_value_info("month", TensorProto.INT64, ["n"]),
    ]
    outputs = [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["n", N_TOKENS, WIDTH])]
    constants = [numpy_helper.from_array(values, name) for name, values in graph.constants.items()]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, CONTRIB_OPSET)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "galileo_nano", inputs, outputs, constants),
        opset_imports=opsets,
        ir_version=IR_VERSION,
        producer_name="terrakin",
    )
    # Entries 0 and 1 are Sentinel-1's, the last is NDVI's.
    description = {
        "source": SOURCE,
        "licence": LICENCE,
        "published_sha256": PUBLISHED_SHA256,
        "band_mean": normalization["mean"][2:12],
        "band_std": normalization["std"][2:12],
        "ndvi_mean": normalization["mean"][12],
    }
    helper.set_model_props(model, {DESCRIPTION: json.dumps(description)})
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Write the ONNX file into the package and print its SHA-256."""
    parser = argparse.ArgumentParser(description="Convert the published weights of Galileo nano to ONNX.")
    parser.add_argument("folder", type=Path, help="folder with encoder.pt and normalization.json as published")
    parser.add_argument("--out", type=Path, default=MODEL, help="where to write the ONNX file")
    arguments = parser.parse_args()
    normalization = json.loads((arguments.folder / "normalization.json").read_text())["13"]
    model = build(read_state(arguments.folder / "encoder.pt"), normalization)
    arguments.out.write_bytes(model.SerializeToString())
    print(f"{arguments.out}: {hashlib.sha256(arguments.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
