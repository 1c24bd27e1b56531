from django.template import Context, Template


def test_once_renders_what_it_holds_once() -> None:
    template = Template("{{ name }} {% once %}{{ name }}{% endonce %}")

    assert [template.render(Context({"name": each})) for each in "ab"] == ["a a", "b a"]
