"""How a request to a server can fail, and which failures are worth another try."""

from __future__ import annotations

from enum import StrEnum

from argus_eval.errors import EnvironmentError_, SampleError

__all__ = ["Failure", "RequestFailed", "ServerGone"]


class Failure(StrEnum):
    """What kind of thing went wrong."""

    UNREACHABLE = "unreachable"  #: no connection could be opened
    DISCONNECTED = "disconnected"  #: the server closed an open connection
    TIMEOUT = "timeout"  #: nothing came for too long, or the whole took too long
    STATUS = "status"  #: an HTTP status other than 200
    REDIRECT = "redirect"  #: the server sends us elsewhere; a key is not carried there
    NOT_A_STREAM = "not a stream"  #: another content type than text/event-stream
    MALFORMED = "malformed"  #: bytes that are no chat stream
    TRUNCATED = "truncated"  #: the stream ended without saying why the answer ended
    REPORTED = "reported"  #: the server reported an error inside the stream


class RequestFailed(SampleError):  # noqa: N818 - reads as what it says
    """One request failed.

    Args:
        kind: what went wrong.
        message: in one line.
        status: HTTP status, where there was one.
        retry_after_s: how long the server asks us to wait.
        said: the server's own words, for finding the parameter it refuses.
    """

    def __init__(
        self,
        kind: Failure,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        said: str = "",
    ) -> None:
        super().__init__(message)
        self.kind, self.status, self.retry_after_s, self.said = kind, status, retry_after_s, said

    @property
    def most_attempts(self) -> int:
        """Tries in all that this failure deserves, outside of measurement."""
        match self.kind:
            case Failure.UNREACHABLE:
                return 6
            case Failure.STATUS if self.status in (429, 503):
                return 7
            case Failure.STATUS if self.status in (408, 425, 500, 502, 504):
                return 3
            case Failure.DISCONNECTED | Failure.TRUNCATED | Failure.REPORTED:
                return 3
            case Failure.TIMEOUT | Failure.MALFORMED:
                return 2
            case _:
                return 1


class ServerGone(EnvironmentError_):
    """No connection can be opened any more: going on would turn every remaining sample into an error."""
