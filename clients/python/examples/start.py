import os

from tasker_client import Tasker, TaskerError

url, api_key = os.environ.get("TASKER_URL", "http://127.0.0.1:8080"), os.environ.get("TASKER_API_KEY", "")
with Tasker(url, api_key=api_key) as tasker:
    try:
        order = {"order_id": "DE-1002", "n": 40}
        task = tasker.start("shop/order", order, idempotency_key="DE-1002", on_duplicate="return")
        outcome = task.wait(60)
        print(outcome.task.status, outcome.result("ship"))
    except TaskerError as error:
        print(error, error.errors, error.request_id)
