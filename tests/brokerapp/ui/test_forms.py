"""Fields as `as_field_group` renders them, and the error summary."""

import pytest
from django import forms
from django.template.loader import render_to_string

from brokerapp.ui.widgets import DateInputs


class SampleForm(forms.Form):
    name = forms.CharField(label="Legal <name>", help_text="As on your passport.")
    nickname = forms.CharField(required=False)
    born_on = forms.DateField(widget=DateInputs(), help_text="For example, 3 27 1990.")
    work = forms.ChoiceField(choices=[("A", "Employed"), ("B", "Retired")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I agree")


@pytest.fixture
def refused() -> SampleForm:
    return SampleForm({"nickname": "<b>"})


def test_field_has_label_hint_and_optional_mark():
    form = SampleForm()

    assert '<label for="id_name">Legal &lt;name&gt;</label>' in form["name"].as_field_group()
    assert (
        '<div class="hint" id="id_name_helptext">As on your passport.</div>' in form["name"].as_field_group()
    )
    assert 'aria-describedby="id_name_helptext"' in form["name"].as_field_group()
    assert "(optional)" in form["nickname"].as_field_group()


def test_field_with_error_is_described_by_it(refused):
    html = refused["name"].as_field_group()

    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert '<span class="visually-hidden">Error: </span>This field is required.' in html


@pytest.mark.parametrize("name", ["born_on", "work"])
def test_field_of_several_controls_is_a_fieldset(refused, name):
    html = refused[name].as_field_group()

    assert "<legend>" in html
    assert "<fieldset aria-describedby=" in html
    assert f"id_{name}_error" in html


def test_checkbox_is_inside_its_label(refused):
    html = refused["agree"].as_field_group()

    assert html.index('<label class="choice"') < html.index('type="checkbox"') < html.index("I agree")


def test_error_summary_links_to_the_first_control_of_each_field(refused):
    refused.add_error(None, "These answers do not fit together.")

    html = render_to_string("_partials/error_summary.html", {"form": refused})

    assert [
        html.count(f'href="#{name}"') for name in ("id_name", "id_born_on_0", "id_work_0", "id_agree")
    ] == [1] * 4
    assert "These answers do not fit together." in html
    assert "id_nickname" not in html


def test_error_summary_is_absent_without_errors():
    assert "error-summary" not in render_to_string("_partials/error_summary.html", {"form": SampleForm()})
