"""`ahe mcp`: the tools of a harness over the Model Context Protocol, on stdin and stdout."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ahe import __version__
from ahe.errors import UsageError
from ahe.jobs.serve import served
from ahe.records import ToolCall

MAX_LINE = 32 << 20


async def serve_tools(root: Path, directory: Path) -> None:
    """Serve the tools of the harness in `root` until stdin ends; their commands act on `directory`.

    Calls are executed one after the other. Raises what `served` raises, and `UsageError` without the package `mcp`.
    """
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError:
        raise UsageError(
            "the package mcp is missing: `pip install '.[mcp]'` in the checkout of ahe"
        ) from None

    async with served(root, directory) as serving:
        tools, turn, renewing = serving.harness.tools, asyncio.Lock(), set[asyncio.Task[None]]()

        async def listed(context: Any, params: Any) -> types.ListToolsResult:
            return types.ListToolsResult(
                tools=[
                    types.Tool(name=tool.name, description=tool.description, input_schema=tool.parameters)
                    for tool in tools
                ]
            )

        async def again() -> None:
            async with turn:
                await serving.renew()

        async def called(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
            call = ToolCall(id="mcp", name=params.name, arguments=params.arguments or {})
            async with turn:
                await serving.renew()
                try:
                    (text,) = await serving.toolbox.execute_all([call], tools, "mcp")
                except asyncio.CancelledError:
                    serving.box.end("the call was cancelled")  # its code would go on beside the next call
                    renewing.add(asyncio.create_task(again()))
                    raise
            failed = text.startswith("error: ")
            return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

        server = Server("ahe", version=__version__, on_list_tools=listed, on_call_tool=called)
        lines: Any = _lines()
        async with stdio_server(stdin=lines) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def _lines() -> AsyncIterator[str]:
    """The lines of stdin. Unlike the thread of `stdio_server`, which waits for the next one, a signal ends this."""
    reader = asyncio.StreamReader(limit=MAX_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    try:
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    except ValueError:
        raise UsageError("stdin is a file: an agent starts this command, with a pipe") from None
    while line := await reader.readline():
        yield line.decode("utf-8", "replace")
