"""The client of Tasker, the serverless workflow platform."""

from ._async import AsyncOutcome, AsyncTask, AsyncTasker
from ._shared import Event, StartOptions, TaskerError
from ._sync import Outcome, Task, Tasker

__all__ = ["AsyncOutcome", "AsyncTask", "AsyncTasker", "Event", "Outcome", "StartOptions", "Task", "Tasker", "TaskerError"]
