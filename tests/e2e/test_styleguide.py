"""The style guide in a browser: accessible, within its width, without a script or style that CSP refuses."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.axe import axe, axe_everywhere

pytestmark = pytest.mark.e2e


@pytest.fixture
def open_guide(new_context: Callable[..., BrowserContext], site) -> Iterator[Callable[..., Page]]:
    """A function that opens the style guide, and fails the test on any error in the console."""
    errors: list[str] = []

    def open_page(width: int = 1280, height: int = 900, theme: str = "light", **options) -> Page:
        context = new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site.url}/styleguide/")
        return page

    yield open_page
    assert errors == []


def test_styleguide_has_no_accessibility_findings(open_guide):
    assert axe_everywhere(open_guide(), frame=True) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_styleguide_palettes_keep_their_contrast(open_guide, theme):
    page = open_guide(theme=theme, reduced_motion="reduce")

    for palette in ("blue-orange", "red-up", "none"):
        page.evaluate("name => { document.documentElement.dataset.palette = name }", palette)
        assert axe(page, within="section:has(.delta)", rule="color-contrast") == [], palette


def test_styleguide_never_scrolls_sideways(open_guide):
    page = open_guide()

    for width in (320, 640, 800, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_controls_are_44_pixels_high(open_guide):
    page = open_guide(390, 844)
    heights = page.locator("main :is(.button, .input, select, .choice):visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )

    assert heights
    assert min(heights) >= 44


COLOURS = """element => {
    const style = getComputedStyle(element), mark = getComputedStyle(element, "::before");
    return [style.appearance, style.borderTopColor, style.backgroundColor, mark.backgroundColor];
}"""
THEMES = {
    "light": {"field": "rgb(116, 128, 147)", "surface": "rgb(255, 255, 255)", "primary": "rgb(29, 78, 137)"},
    "dark": {"field": "rgb(124, 138, 155)", "surface": "rgb(22, 30, 40)", "primary": "rgb(141, 184, 240)"},
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["radio", "checkbox"])
def test_radios_and_ticks_are_in_the_themes_colours(open_guide, theme, kind):
    page = open_guide(theme=theme)
    controls = page.locator(f":is(.choices, .choice) input[type={kind}]")
    colours = THEMES[theme]

    off = controls.and_(page.locator(":not(:checked):not([aria-invalid])")).first.evaluate(COLOURS)
    assert off[:3] == ["none", colours["field"], colours["surface"]]
    chosen = controls.and_(page.locator(":not([aria-invalid])")).first
    chosen.check()
    expect(chosen).to_have_css("background-color", colours["primary"])  # it takes a moment to change
    expect(chosen).to_have_css("border-top-color", colours["primary"])
    on = chosen.evaluate(COLOURS)
    assert on[0] == "none"
    assert on[3] == ("rgb(255, 255, 255)" if theme == "light" else "rgb(14, 20, 27)")


def test_radios_and_ticks_are_the_systems_own_in_forced_colours(open_guide):
    page = open_guide(forced_colors="active")

    for kind in ("radio", "checkbox"):
        drawn = page.locator(f":is(.choices, .choice) input[type={kind}]").first.evaluate(COLOURS)
        assert drawn[0] == "auto"


def test_focus_on_a_segmented_control_shows_one_ring(open_guide):
    page = open_guide()
    page.locator("#side-buy").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#side-sell")).to_be_focused()

    ringed = page.locator(".segmented *, .segmented").evaluate_all(
        """all => all.filter(one => {
            const style = getComputedStyle(one);
            return style.outlineStyle !== "none" && style.outlineWidth !== "0px" && style.opacity !== "0";
        }).map(one => one.textContent.trim())"""
    )
    assert ringed == ["Sell"]


def test_theme_button_sets_the_theme_without_scripts(open_guide):
    page = open_guide(java_script_enabled=False)

    page.get_by_role("button", name="Dark").click()

    expect(page).to_have_url(page.url)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("color", "rgb(232, 237, 243)")


def test_error_summary_has_focus_and_leads_to_the_field(open_guide):
    page = open_guide()

    expect(page.locator("#error-summary")).to_be_focused()
    page.locator("#error-summary").get_by_role("link", name="Date of birth").click()
    expect(page.locator("#bad_born_on_0")).to_be_focused()


def test_social_security_number_is_hidden_once_left(open_guide):
    page = open_guide()
    field = page.locator("#id_ssn")

    field.fill("123-45-6789")
    expect(field).to_have_css("-webkit-text-security", "none")
    page.locator("#id_name").focus()
    expect(field).to_have_css("-webkit-text-security", "disc")
    page.get_by_role("button", name="Show Social Security number").first.click()
    expect(field).to_have_css("-webkit-text-security", "none")
    expect(page.locator("#live-region")).to_have_text("Social Security number shown")


@pytest.mark.parametrize(
    ("name", "kind", "size", "message"),
    [
        ("id.png", "image/png", 2_000, "Error: id.png is 2 KB. The limit is 1 KB."),
        ("id.txt", "text/plain", 10, "Error: id.txt is not a kind of file that we can take."),
    ],
)
def test_file_that_cannot_be_taken_is_refused_before_it_is_sent(open_guide, name, kind, size, message):
    page = open_guide()
    page.locator("#id_document").evaluate("input => { input.dataset.maxBytes = 1000 }")

    page.locator("#id_document").set_input_files({"name": name, "mimeType": kind, "buffer": b"x" * size})

    expect(page.locator("[data-file-drop-chosen]").first).to_have_text(message)
    expect(page.locator("#id_document")).to_have_value("")
    # Sent along, so that nobody goes on without the file unawares.
    told = page.locator("[name=document-refused]").first
    expect(told).to_have_value(message.removeprefix("Error: "))

    page.locator("#id_document").set_input_files({"name": "id.png", "mimeType": "image/png", "buffer": b"x"})

    expect(told).to_have_value("")


def test_shortcut_goes_to_search_unless_it_is_switched_off(open_guide):
    page = open_guide()
    page.evaluate("document.querySelector('#combobox').dataset.shortcut = '/'")
    page.locator("h1").click()

    page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    page.keyboard.press("/")
    expect(page.locator("#combobox")).not_to_be_focused()
    page.evaluate("delete document.documentElement.dataset.shortcuts")
    page.keyboard.press("/")
    expect(page.locator("#combobox")).to_be_focused()


def test_time_elsewhere_says_the_local_time(open_guide):
    page = open_guide(timezone_id="America/Los_Angeles")

    expect(page.locator(".receipt time")).to_have_attribute(
        "title", "Mar 4, 2026, 6:30 AM your time, 2026-03-04 14:30 UTC"
    )


def test_chart_is_drawn_and_has_its_table(open_guide):
    page = open_guide()

    expect(page.locator(".chart-plot canvas").first).to_be_visible()
    page.get_by_text("Show as a table").click()
    expect(page.locator(".chart tbody tr")).to_have_count(60)
