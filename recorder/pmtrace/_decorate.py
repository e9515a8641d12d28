"""Functions of every kind inside a context manager."""

import functools
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Once:
    """Runs a recorder, unless it runs already."""

    __slots__ = ("recorder", "started")

    def __init__(self, recorder):
        # type: (Any) -> None
        self.recorder = recorder
        self.started = False

    def __enter__(self):
        # type: () -> Once
        import pmtrace

        if self.recorder not in pmtrace._running:
            self.recorder.start()
            self.started = True
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        if self.started:
            self.recorder.stop()


def wrap(function, enter, stepwise=False):
    # type: (Callable[..., Any], Callable[[], Any], bool) -> Callable[..., Any]
    """The function, with every call inside a context manager that `enter`
    makes: a generator from its first step to its end, or with `stepwise` in
    each of its steps alone; a coroutine while it is awaited. TypeError: it is
    no function."""
    if inspect.isclass(function) or not callable(function):
        raise TypeError("only a function can be decorated, not %r"
                        % (function,))
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, enter)
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, enter, stepwise)
    if inspect.isgeneratorfunction(function):
        return _generator(function, enter, stepwise)

    @functools.wraps(function)
    def plain(*args, **kwargs):  # type: ignore
        with enter():
            return function(*args, **kwargs)

    return plain


def _coroutine(function, enter):
    # type: (Any, Any) -> Any
    @functools.wraps(function)
    async def coroutine(*args, **kwargs):  # type: ignore
        with enter():
            return await function(*args, **kwargs)

    return coroutine


def _generator(function, enter, stepwise):
    # type: (Any, Any, bool) -> Any
    @functools.wraps(function)
    def generator(*args, **kwargs):  # type: ignore
        if stepwise:
            return (yield from _steps(function(*args, **kwargs), enter))
        with enter():
            return (yield from function(*args, **kwargs))

    return generator


def _steps(generator, enter):
    # type: (Any, Any) -> Any
    step, value = generator.send, None  # type: Any, Any
    while True:
        with enter():
            try:
                item = step(value)
            except StopIteration as end:
                return end.value
        try:
            value = yield item
            step = generator.send
        except GeneratorExit:
            with enter():
                generator.close()
            raise
        except BaseException as error:
            step, value = generator.throw, error


def _async_generator(function, enter, stepwise):
    # type: (Any, Any, bool) -> Any
    if stepwise:
        @functools.wraps(function)
        async def steps(*args, **kwargs):  # type: ignore
            generator = function(*args, **kwargs)
            step, value = generator.asend, None
            while True:
                try:
                    with enter():
                        item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    value = yield item
                    step = generator.asend
                except GeneratorExit:
                    with enter():
                        await generator.aclose()
                    raise
                except BaseException as error:
                    step, value = generator.athrow, error

        return steps

    @functools.wraps(function)
    async def whole(*args, **kwargs):  # type: ignore
        with enter():
            generator = function(*args, **kwargs)
            step, value = generator.asend, None
            while True:
                try:
                    item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    value = yield item
                    step = generator.asend
                except GeneratorExit:
                    await generator.aclose()
                    raise
                except BaseException as error:
                    step, value = generator.athrow, error

    return whole
