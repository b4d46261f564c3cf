"""A fake's state in a file, so that it outlives the process: whole or not at all."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class Keep:
    path: Path
    _last: str = ""
    _lock: Any = field(default_factory=threading.Lock)

    def load(self) -> Any:
        """What was saved; None at the first start."""
        if not self.path.exists():
            return None
        self._last = self.path.read_text("utf-8")
        return json.loads(self._last)

    def save(self, state: Callable[[], Any]) -> None:
        with self._lock:  # requests and the walk of the webhooks end at the same time
            text = json.dumps(state())
            if text == self._last:
                return
            beside = self.path.with_suffix(".new")
            beside.write_text(text, "utf-8")
            beside.replace(self.path)
            self._last = text
