"""`ahe mcp`: the tools of a harness over the Model Context Protocol, on stdin and stdout."""

import asyncio
from pathlib import Path
from typing import Any

from ahe import __version__
from ahe.errors import UsageError
from ahe.jobs.serve import served
from ahe.records import ToolCall


async def serve_tools(root: Path, directory: Path) -> None:
    """Serve the tools of the harness in `root` until stdin ends; their commands act on `directory`.

    Calls are executed one after the other. Raises what `served` raises, and `UsageError` without the package `mcp`.
    """
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError:
        raise UsageError("the package mcp is missing: `pip install 'ahe[mcp]'`") from None

    async with served(root, directory) as serving:
        tools, turn = serving.harness.tools, asyncio.Lock()

        async def listed(context: Any, params: Any) -> types.ListToolsResult:
            return types.ListToolsResult(
                tools=[
                    types.Tool(name=tool.name, description=tool.description, input_schema=tool.parameters)
                    for tool in tools
                ]
            )

        async def called(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
            call = ToolCall(id="mcp", name=params.name, arguments=params.arguments or {})
            async with turn:
                await serving.renew()
                (text,) = await serving.toolbox.execute_all([call], tools, "mcp")
            failed = text.startswith("error: ")
            return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

        server = Server("ahe", version=__version__, on_list_tools=listed, on_call_tool=called)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
