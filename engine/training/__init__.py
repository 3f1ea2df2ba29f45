"""One step, one epoch, devices. No thread lives here."""
