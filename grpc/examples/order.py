import json
import os
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(os.environ.get("TASKER_URL", "http://127.0.0.1:8080").removeprefix("http://"))
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
metadata = [("x-api-key", os.environ.get("TASKER_API_KEY", ""))]


def call(name_: str, **fields):
    """Calls a method, whose types the server tells."""
    service, name = name_.split("/")
    method = pool.FindServiceByName(f"tasker.v1.{service}").FindMethodByName(name)
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    send = kind(
        f"/tasker.v1.{name_}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return send(GetMessageClass(method.input_type)(**fields), metadata=metadata)


try:
    order = {"order_id": "DE-1004", "n": 40}
    task = call("TaskService/CreateTask", namespace="shop", name="order", context_json=json.dumps(order)).task_id
    for event in call("TaskService/StreamTaskStatus", task_id=task):
        if event.WhichOneof("event") == "end":
            print(event.end.status, call("StepService/GetStepResult", task_id=task, step="ship").document_json)
except grpc.RpcError as error:
    sys.exit(f"{error.code().name}: {error.details()}")
