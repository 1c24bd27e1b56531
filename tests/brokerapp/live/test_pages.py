"""Pages and static files come from the port that the pushes come from."""

import pytest

from tests.brokerapp.live.conftest import OpenTab
from tests.brokerapp.live.processes import Web


def test_web_static_file_is_served(web: Web, open_tab: OpenTab) -> None:
    tab = open_tab(web, path="/static/admin/css/base.css")

    assert tab.status == 200
    assert tab.answer.headers["Content-Type"].startswith("text/css")
    assert len(tab.answer.read()) == int(tab.answer.headers["Content-Length"])


def test_web_unknown_page_is_not_found(web: Web, open_tab: OpenTab, transactional_db: None) -> None:
    assert open_tab(web, path="/no-such-page/").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_web_keeps_the_server_name_to_itself(
    web: Web, open_tab: OpenTab, transactional_db: None, method: str
) -> None:
    assert "Server" not in open_tab(web, path="/static/admin/css/base.css", method=method).answer.headers
