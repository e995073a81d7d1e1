"""What can go wrong in the engine, each with the exit code the command line ends with."""

from typing import ClassVar


class EngineError(Exception):
    """Something the user can act on; the message says what, why and the way out. Never shown with a traceback."""

    exit_code: ClassVar[int] = 1


class BadInputError(EngineError):
    """The stack file, the passphrase, a setting or an option is wrong. Nothing was touched."""

    exit_code: ClassVar[int] = 2


class InterruptedRunError(EngineError):
    """The user asked to stop; everything done until then is in the state."""

    exit_code: ClassVar[int] = 130
