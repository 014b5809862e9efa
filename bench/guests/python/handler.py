"""The same computation as the Rust guest: adds up the prices of an order."""

import json

from wit_world.exports import StepHandler as Contract
from wit_world.imports.step_values import HandlerDescription, Outcome_Complete


class StepHandler(Contract):
    def describe(self):
        return [HandlerDescription("sum", "Adds up the prices of an order.", None, None)]

    def handle(self, handler, context):
        order = json.loads(context.task_input)
        prices = [item["price"] for item in order["items"]]
        return Outcome_Complete(json.dumps({"order": order["order"], "total": sum(prices), "count": len(prices)}))
