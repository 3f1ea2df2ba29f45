"""What can go wrong, said in one sentence with a hint that a person can act on."""


class EngineError(Exception):
    """A failure that a person can do something about.

    `message` says what is wrong, `hint` what to do; both are whole sentences without a traceback.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(EngineError):
    """A setting has a value that can't be used."""


class PhaseError(EngineError):
    """A command came in a phase in which it makes no sense."""


class PictureError(EngineError):
    """A file can't be read as a picture."""


class DataError(EngineError):
    """A data source is missing, empty or damaged."""


class NetworkError(EngineError):
    """A network can't be built, found or fed."""


class DeviceError(EngineError):
    """The device asked for isn't there or has run out of memory."""


class RunError(EngineError):
    """What a run leaves on disk can't be written or read."""


class MessageError(EngineError):
    """Bytes from another process are no message."""
