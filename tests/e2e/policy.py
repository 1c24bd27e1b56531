"""What a browser says of a site's content security policy."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page


def watch_policy(page: Page) -> list[str]:
    """What the browser says of the policy, as it comes."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            said.append(f"{urlsplit(page.url).path}: {message.text}")

    page.on("console", note)
    return said
