"""What the files of a saved run are called, in the order in which they are written. Imports without
torch."""

CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "weights.safetensors"
CONFIG = "config.toml"
EPOCHS = "epochs.jsonl"
NETWORK = "network.json"
NAMES = (CHECKPOINT, WEIGHTS, CONFIG, EPOCHS, NETWORK)
