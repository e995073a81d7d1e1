"""The one kind of error that a user of `local` gets to read."""


class LocalError(Exception):
    """Something that cannot be done, told in one message: what, why, and the way out.

    The command line prints `str(error)` without a traceback and leaves with `exit_code`:
    2 when the input or the machine does not allow it (nothing was begun), 1 when a step failed.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class PreflightError(LocalError):
    """Known before anything is half done: bad input, or a machine that does not fit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)
