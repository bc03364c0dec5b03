"""Where copies are kept: a folder of this machine's, or anything that fsspec reaches."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Protocol

from messaging_pipeline.errors import InvalidSettings, PipelineError
from messaging_pipeline.policies.inbound_media import is_url

_UNFINISHED = "part"


class StoreFailed(PipelineError):
    """Raised when a store did not do what it was asked; its text says why, and names no file."""


class Store(Protocol):
    """Keeps files by name. May be used by many threads at once."""

    def put(self, name: str, content: IO[bytes], attempt: int) -> None:
        """Keep a file, whole or not at all, in place of one of the same name; raises StoreFailed."""

    def delete(self, name: str) -> None:
        """Delete a file, and what an attempt that died has left of it; one that is not there is no error."""


class Folder:
    """Files below a folder, for nobody but us to read."""

    def __init__(self, root: str) -> None:
        """Make the folder unless it is there; raises OSError."""
        self._root = Path(root)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise PermissionError(13, "it may not be written to")

    def put(self, name: str, content: IO[bytes], attempt: int) -> None:
        """Write beside it, let the disk have it, and rename: a reader sees the whole file or none."""
        path = self._root / name
        unfinished = path.with_name(f"{path.name}.{attempt}.{_UNFINISHED}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _unlink(path.parent.glob(f"{path.name}.*.{_UNFINISHED}"))
            _write(unfinished, content)
            unfinished.replace(path)
            _settle(path.parent)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise StoreFailed(f"the folder did not take it ({error.strerror})") from None

    def delete(self, name: str) -> None:
        """Unlink it."""
        path = self._root / name
        try:
            path.unlink(missing_ok=True)
            _unlink(path.parent.glob(f"{path.name}.*.{_UNFINISHED}"))
        except OSError as error:
            raise StoreFailed(f"the folder did not let it go ({error.strerror})") from None


class RemoteStore:
    """Files below an fsspec URL; the library behind it has the credentials and the time-outs."""

    def __init__(self, url: str) -> None:
        """Load what reaches the URL; raises ImportError or ValueError. Nothing is connected yet."""
        import fsspec  # noqa: PLC0415 - an extra: only for those who name such a URL

        self._files, self._root = fsspec.core.url_to_fs(url)

    def put(self, name: str, content: IO[bytes], attempt: int) -> None:  # noqa: ARG002 - what is cut off is put again
        """Write it. What was cut off is not recorded as a copy, and the next attempt writes it anew."""
        path = f"{self._root}/{name}"
        try:
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._files.open(path, "wb") as file:
                shutil.copyfileobj(content, file)
        except Exception as error:  # noqa: BLE001 - each storage's library has errors of its own
            raise StoreFailed(f"the storage did not take it ({type(error).__name__})") from None

    def delete(self, name: str) -> None:
        """Remove it."""
        try:
            self._files.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - each storage's library has errors of its own
            raise StoreFailed(f"the storage did not let it go ({type(error).__name__})") from None


class Stores:
    """All stores, by the text that names them; one that files lie in, and that is configured no longer, too."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}
        self._lock = Lock()

    def check(self, store: str, setting: str) -> None:
        """Open a store; raises InvalidSettings naming the setting when it cannot be used."""
        try:
            self.at(store)
        except StoreFailed as error:
            raise InvalidSettings(setting, str(error), "correct it, or install what it needs") from None

    def at(self, store: str) -> Store:
        """Return a store; raises StoreFailed."""
        with self._lock:
            if store not in self._stores:
                self._stores[store] = _opened(store)
            return self._stores[store]


def _opened(store: str) -> Store:
    try:
        return RemoteStore(store) if is_url(store) else Folder(store)
    except OSError as error:
        raise StoreFailed(f"the folder cannot be used ({error.strerror})") from None
    except ImportError as error:
        raise StoreFailed(f"needs a library: {error}; fsspec itself comes with the extra `media`") from None
    except ValueError as error:
        raise StoreFailed(f"cannot be used: {error}") from None


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _write(path: Path, content: IO[bytes]) -> None:
    """Write a new file that nobody else may read, and wait for the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Wait until the disk knows what a folder holds: a copy is recorded only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
