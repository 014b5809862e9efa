import os

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(os.environ.get("TASKER_URL", "http://127.0.0.1:8080").removeprefix("http://"))
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))  # the server describes its methods
metadata = [("x-api-key", os.environ.get("TASKER_API_KEY", ""))]


def call(path: str, **fields):
    method = pool.FindServiceByName(f"tasker.v1.{path.split('/')[0]}").FindMethodByName(path.split("/")[1])
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    send = channel.unary_unary(f"/tasker.v1.{path}", request.SerializeToString, response.FromString)
    return send(request(**fields), metadata=metadata)


task = call("TaskService/CreateTask", name="greeting", context_json='{"name": "Ada"}').task_id
call("TaskService/GetTask", task_id=task, wait_seconds=60)
print(call("StepService/GetStepResult", task_id=task, step="announce").document_json)
