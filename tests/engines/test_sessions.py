"""Sessions, gradients and predictions of both engines: where a run is cut changes nothing, slopes are slopes."""

from __future__ import annotations
