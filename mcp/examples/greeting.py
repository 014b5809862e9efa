import asyncio
import os

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

server = StdioServerParameters(command="tasker", args=["mcp", "--write"], env=dict(os.environ))


async def main():
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()

        async def call(tool, **arguments):
            return (await session.call_tool(tool, arguments)).structured_content

        greeting = {"namespace": "default", "name": "greeting", "context": {"name": "Ada"}, "reason": "first steps"}
        preview = await call("task_submit", **greeting)  # changes nothing: an assistant shows it to its user
        submitted = await call("task_submit", **greeting, confirm=preview["confirm"])
        task = submitted["result"]["task_id"]
        await call("task_wait", task=task, seconds=60)
        context = await call("task_context", task=task)
        print(context["untrusted"]["results"]["announce"])


asyncio.run(main())
