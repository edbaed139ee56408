"""Dockerfiles: what their instructions say, what is rewritten for an older daemon, and a daemon without BuildKit."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.environments.docker_build import build_lines
from ahe.environments.dockerfile import images, instructions, rewritten

WHOLE = """\
# syntax=docker/dockerfile:1
ARG BASE=debian:12
FROM --platform=linux/amd64 ${BASE} AS first
ARG BASE
ENV A=1 B="two words"
ENV HOME_DIR /srv
RUN one \\
  # a comment
    two
RUN cat > /x.py <<'EOF'
FROM nothing
EOF
FROM first
COPY --from=ghcr.io/some/tool:1 /tool /tool
COPY --from=first /a /a
RUN --mount=type=bind,from=other:2,target=/o true
"""


def test_instructions_have_their_lines_joined_and_here_documents_apart():
    found = instructions(WHOLE)
    names = "ARG FROM ARG ENV ENV RUN RUN FROM COPY COPY RUN"
    assert [each.name for each in found] == names.split()
    assert found[1].expanded == "--platform=linux/amd64 debian:12 AS first"
    assert found[5].rest.split() == ["one", "two"]
    assert found[6].variables == {"BASE": "debian:12", "A": "1", "B": "two words", "HOME_DIR": "/srv"}
    assert (found[6].documents[0].text, found[6].documents[0].expand) == ("FROM nothing\n", False)


def test_images_are_those_that_a_registry_must_have():
    assert images(instructions(WHOLE)) == ("debian:12", "ghcr.io/some/tool:1", "other:2")
    assert images(instructions("FROM $UNKNOWN\nFROM scratch")) == ()


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("RUN cat >/x <<'E'\nit's $A\nE\n", "cat >/x <<'E'\nit's $A\nE\n"),
        ("RUN <<E\ncd /\nls\nE\n", "cd /\nls\n"),
        ("RUN <<-E\n\tls\n\tE\n", "ls\n"),
        ("RUN cat << E && cat <<F\n1\nE\n2\nF\n", "cat << E && cat <<F\n1\nE\n2\nF\n"),
    ],
)
def test_here_documents_of_run_go_to_the_shell(command, script):
    text, files = rewritten(f"FROM a\n{command}RUN true\n")
    first, run, last = text.splitlines()
    assert (first, last, files) == ("FROM a", "RUN true", {})
    assert json.loads(run.removeprefix("RUN ")) == ["/bin/sh", "-c", script]


def test_the_shell_and_the_flags_of_a_here_document_are_kept():
    text, _ = rewritten('FROM a\nSHELL ["/bin/bash", "-ec"]\nRUN --mount=type=tmpfs,target=/t <<E\nls\nE\n')
    assert text.splitlines()[-1] == 'RUN --mount=type=tmpfs,target=/t ["/bin/bash", "-ec", "ls\\n"]'


def test_here_documents_of_copy_become_files_of_the_context():
    copy = 'COPY --link --chown=1 <<one <<"two" /app/\n$A ${B:-b} \\$C $D\none\n$A\ntwo\n'
    text, files = rewritten(f"FROM a\nENV A=1\n{copy}")
    assert text.splitlines()[-1] == "COPY --chown=1 .ahe-heredoc/0/one .ahe-heredoc/1/two /app/"
    assert files == {".ahe-heredoc/0/one": "1 b $C \n", ".ahe-heredoc/1/two": "$A\n"}


def test_everything_else_stays_as_it_was_written():
    text = "FROM a\nRUN printf 'a\\\nb' && echo $((1<<2)) <<< here\nCOPY a b\n"
    assert rewritten(text) == (text, {})


LINES = [
    "FROM a AS b",
    "FROM",
    "ARG A=1",
    "ARG",
    "ENV A",
    'ENV A="',
    "RUN <<E",
    "RUN <<-'E' y",
    "E",
    "COPY <<E /a",
    "SHELL 3",
    'SHELL ["a"]',
    "WORKDIR $A",
    "\\",
    "#",
    "'",
    "RUN --mount=type=x,from=$A",
    "\ufeff",
]


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(LINES)).map("\n".join),
        st.lists(st.sampled_from(LINES)).map("\r\n".join),
    )
)
def test_no_text_is_too_wrong_to_be_read(text: str) -> None:
    found = instructions(text)
    images(found)
    rewritten(text)


class OldDaemon(BaseHTTPRequestHandler):
    """Knows the classic builder alone."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        modern = "version=2" in self.path
        body = json.dumps(
            {"message": "buildkit not supported"} if modern else {"stream": "Step 1/1"}
        ).encode()
        self.send_response(501 if modern else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def old_daemon() -> Iterator[docker.APIClient]:
    with HTTPServer(("127.0.0.1", 0), OldDaemon) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield docker.APIClient(f"tcp://127.0.0.1:{server.server_port}", version="1.41")
        server.shutdown()


def test_a_daemon_without_buildkit_builds_what_it_can(old_daemon):
    plain = list(build_lines(old_daemon, io.BytesIO(b"archive"), "t", "FROM a\nRUN true\n", 5))
    assert plain == [{"stream": "Step 1/1"}]
