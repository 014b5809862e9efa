import os

from tasker_client import Tasker

with Tasker(os.environ.get("TASKER_URL", "http://127.0.0.1:8080"), api_key=os.environ.get("TASKER_API_KEY", "")) as tasker:
    outcome = tasker.start("default/greeting", {"name": "Ada"}).wait(60)
    print(outcome.result("announce"))
