"""Labels: who the work is done for, beside where it is done."""

try:
    from pmtrace import _recorder
except ImportError:
    _recorder = None  # type: ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List


class label:
    """Puts a name at the outer end of every stack that is recorded inside it.

        with pmtrace.label("import of customers"):
            ...

        @pmtrace.label("nightly")
        async def nightly(): ...

    It holds for this thread, and in asyncio for this task and the tasks that
    it starts: it follows contextvars. Labels nest: a stack has all of them,
    the outermost first. A generator function that is decorated has the label
    while its own code runs. Where nothing is recorded it costs some hundred nanoseconds.

    TypeError: `name` is not a str.
    """

    __slots__ = ("name", "_tokens")

    def __init__(self, name):
        # type: (str) -> None
        if not isinstance(name, str):
            raise TypeError("a label must be a str")
        self.name = name
        self._tokens = []  # type: List[Any]

    def __enter__(self):
        # type: () -> label
        if _recorder is not None:
            self._tokens.append(_recorder.label_enter(self.name))
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        if _recorder is not None:
            _recorder.label_exit(self._tokens.pop())

    def __call__(self, function):
        # type: (Callable[..., Any]) -> Callable[..., Any]
        """The function, which has the label while it runs."""
        from pmtrace import _decorate

        return _decorate.wrap(function, lambda: label(self.name),
                              stepwise=True)

    def __repr__(self):
        # type: () -> str
        return "pmtrace.label(%r)" % self.name
