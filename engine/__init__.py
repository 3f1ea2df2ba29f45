"""Everything that computes: data, networks, training, telemetry. Knows nothing of Qt."""
