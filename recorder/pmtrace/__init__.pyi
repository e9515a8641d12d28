import os
import tracemalloc
from types import TracebackType
from typing import (Any, Callable, Dict, Iterable, List, Optional, Tuple,
                    Type, TypeVar, Union)

_F = TypeVar("_F", bound=Callable[..., Any])
_R = TypeVar("_R", bound="Recorder")
_Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_List = Union[str, Iterable[str]]
_Values = Iterable[Tuple[str, str, int]]

__all__ = ["Recorder", "active", "dump", "from_tracemalloc", "label", "mark",
           "sampling", "snapshot", "__version__"]

__version__: str

class Recorder:
    def __init__(self,
                 path: _Path,
                 mode: _List = "alloc",
                 *,
                 force: bool = False,
                 collect: int = 0,
                 frames: int = 32,
                 object_frames: int = 1,
                 files: _List = "",
                 types: _List = "",
                 builtins: int = 1,
                 min_block: int = 0,
                 max_block: int = 0,
                 domains: _List = "",
                 sample_bytes: int = 0,
                 c_calls: int = 1,
                 opcodes: int = 0,
                 rss_trigger: int = 0,
                 rss_us: int = 100,
                 rss_ms: int = 100,
                 sample_ms: int = 500,
                 sample_groups: _List = "",
                 heap_ms: int = 10000,
                 snapshot_ms: int = 0,
                 snapshot_marks: int = 0,
                 snapshot_signal: int = 0,
                 snapshot_records: int = 0,
                 snapshot_values: Optional[Callable[[], _Values]] = None,
                 track: int = 0,
                 count_types: int = 0,
                 object_rss: int = 0,
                 when_full: str = "wait",
                 tick_ns: int = 100,
                 level: int = 1,
                 chunk_records: int = 65536,
                 segments: int = 64,
                 max_size: int = 0,
                 max_age: int = 0,
                 dump_signal: int = 0,
                 dump_marks: _List = "",
                 dump_rss: int = 0,
                 dump_max: int = 8,
                 children: int = 0,
                 **settings: Any) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def suspend(self) -> None: ...
    def resume(self) -> None: ...
    @classmethod
    def running(cls) -> Optional[Recorder]: ...
    def mark(self, text: str) -> None: ...
    def snapshot(self, name: str = "",
                 values: Optional[_Values] = None) -> None: ...
    def heap(self) -> None: ...
    def dump(self, path: Optional[_Path] = None) -> str: ...
    def get_traced_memory(self) -> Tuple[int, int]: ...
    def reset_peak(self) -> None: ...
    def clear_traces(self) -> None: ...
    def get_object_traceback(
        self, obj: object) -> Optional[List[Tuple[str, int, str]]]: ...
    def live_counts(self) -> Dict[str, Tuple[int, int, int]]: ...
    def memory(self) -> int: ...
    def stats(self) -> Dict[str, Any]: ...
    @property
    def path(self) -> str: ...
    def __enter__(self: _R) -> _R: ...
    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None: ...
    def __call__(self, function: _F) -> _F: ...

class label:
    name: str
    def __init__(self, name: str) -> None: ...
    def __enter__(self) -> label: ...
    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None: ...
    def __call__(self, function: _F) -> _F: ...

class sampling:
    interval: float
    def __init__(self, interval: float = 0.5, groups: _List = "",
                 path: Optional[_Path] = None,
                 force: bool = False) -> None: ...
    @property
    def path(self) -> Optional[str]: ...
    def label(self, text: str) -> None: ...
    def __enter__(self) -> sampling: ...
    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None: ...
    def __call__(self, function: _F) -> _F: ...

def mark(text: str) -> None: ...
def snapshot(name: str = "", values: Optional[_Values] = None) -> None: ...
def dump(path: Optional[_Path] = None) -> Optional[str]: ...
def active() -> bool: ...
def from_tracemalloc(
    path: _Path,
    snapshot: Union[None, tracemalloc.Snapshot, _Path] = None,
    *, name: str = "tracemalloc", force: bool = False) -> str: ...
