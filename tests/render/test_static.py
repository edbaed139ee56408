"""Templates as text, without running them."""

from __future__ import annotations

import jinja2
import pytest

from ahe.render.static import NotStatic, Static

VALUES = {
    "memory": "m",
    "skills": [{"name": "a", "description": "A"}, {"name": "b", "description": "B"}],
    "tools": [],
}


@pytest.mark.parametrize(
    "template",
    [
        "plain\n",
        "{# note #}x {{ memory }}",
        "{% for s in skills -%}\n- {{ s.name }}: {{ s.description }}\n{% endfor %}end",
        "{% if tools %}t{% elif not skills %}n{% else %}e{% endif %}",
        "{% for t in tools %}{{ t.name }}{% else %}none{% endfor %}",
        "{% raw %}{{ x }}{% endraw %}",
    ],
)
def test_it_gives_what_jinja_gives(template):
    assert Static(VALUES).render(template) == jinja2.Template(template).render(**VALUES).strip()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("a\n{{ workdir }}", "line 2: workdir is known only while a task runs"),
        ("{{ memory|upper }}", "Filter"),
        ("{{ memory.__class__ }}", "Getattr"),
        ("{{ ''.join(skills) }}", "Call"),
        ("{% set x = 1 %}", "Assign"),
        ("{% for i in range(9**9) %}{% endfor %}", "Call"),
        ("{{ skills }}", "what is not a text"),
        ("{% for c in memory %}x{% endfor %}", "not a list"),
        ("{% if %}", "not valid Jinja"),
        ("{% for s in skills %}" * 30 + "x" + "{% endfor %}" * 30, "too long"),
    ],
)
def test_it_refuses_what_it_would_have_to_run(template, why):
    with pytest.raises(NotStatic, match=why):
        Static(VALUES).render(template)
