"""A few typed turns of a real agent of the Python SDK, with a model that answers soon. The SDK records and uploads them.

The job's metadata says where to write down when it shuts down, as JSON.
"""

import asyncio
import json
import os
import time

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, ToolError, cli, function_tool, llm


class Stream(llm.LLMStream):
    async def _run(self) -> None:
        # Timestamps are milliseconds: consecutive events need distinct ones.
        await asyncio.sleep(0.02)
        request = f"request-{time.time_ns()}"
        last = self._chat_ctx.items[-1]
        said = next((i.text_content or "" for i in reversed(self._chat_ctx.items) if i.type == "message"), "")
        if last.type != "function_call_output" and "book" in said:
            call = llm.FunctionToolCall(name="book_table", arguments='{"persons": 2}', call_id=request)
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[call])
        else:
            delta = llm.ChoiceDelta(role="assistant", content="Certainly, parrot.")
        self._event_ch.send_nowait(llm.ChatChunk(id=request, delta=delta))
        usage = llm.CompletionUsage(completion_tokens=7, prompt_tokens=100, prompt_cached_tokens=40, total_tokens=107)
        self._event_ch.send_nowait(llm.ChatChunk(id=request, usage=usage))


class Model(llm.LLM):
    @property
    def model(self) -> str:
        return "gpt-4o-mini"

    @property
    def provider(self) -> str:
        return "openai"

    def chat(self, *, chat_ctx, tools=None, conn_options=None, **_):
        from livekit.agents import DEFAULT_API_CONNECT_OPTIONS

        return Stream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options or DEFAULT_API_CONNECT_OPTIONS)


class Assistant(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="Be brief.")

    @function_tool
    async def book_table(self, persons: int) -> str:
        """Books a table."""
        raise ToolError("no tables left")


# It takes jobs however busy the machine is.
server = AgentServer(host="127.0.0.1", port=0, num_idle_processes=1, load_threshold=float("inf"))


@server.rtc_session(agent_name="front-desk")
async def entry(ctx: JobContext) -> None:
    job = json.loads(ctx.job.metadata)

    def write_line(**what: object) -> None:
        with open(job["log"], "a") as log:
            log.write(json.dumps(what) + "\n")

    session = AgentSession(llm=Model())
    await session.start(agent=Assistant(), record=job.get("record", True))
    for question in job["questions"]:
        await session.generate_reply(user_input=question)
    write_line(shutdown=int(time.time() * 1000), pid=os.getpid())
    ctx.shutdown("done")


if __name__ == "__main__":
    cli.run_app(server)
