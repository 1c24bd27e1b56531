"""Papers of applicants as staff see them: with a watermark of who looks and when, never as they are.

What draws is imported when a paper is looked at: few processes ever do, and all of them would start later.
"""

import io
from datetime import datetime

from django.core import signing

from brokerapp.security_log.models import SecurityEvent

SALT = "onboarding.paper"
OPEN_FOR = 15 * 60
"""Seconds for which papers that were opened for a reason can be looked at."""
LONGEST_SIDE = 2400
"""Pixels of a picture as it is shown."""
TURNS = (0, 90, 180, 270)
ZOOMS = (100, 150, 200, 300)
PDF = "application/pdf"


class TicketNotGood(Exception):
    """It is too old, somebody else's, or of another paper."""


def ticket_for(document_id: object, staff_id: int, event_id: int) -> str:
    """Lets one member of staff look at one paper for a while, for the reason kept in a row of the log."""
    return signing.dumps([str(document_id), staff_id, event_id], salt=SALT)


def reason_of(ticket: str, document_id: object, staff_id: int) -> SecurityEvent:
    """The row of the log with the reason for which a paper was opened. Raises `TicketNotGood`."""
    try:
        of_document, of_staff, event_id = signing.loads(ticket, salt=SALT, max_age=OPEN_FOR)
    except signing.BadSignature as error:
        raise TicketNotGood from error
    if [of_document, of_staff] != [str(document_id), staff_id]:
        raise TicketNotGood
    return SecurityEvent.objects.get(pk=event_id)


def mark_of(staff_id: int, now: datetime) -> str:
    """What stands on a paper that somebody looks at."""
    return f"staff {staff_id} - {now:%Y-%m-%d %H:%M} UTC - for review only"


def shown(content: bytes, mime_type: str, *, mark: str, turn: int = 0) -> tuple[bytes, str]:
    """The paper with its mark, turned clockwise, and its type; a picture is made no larger than a screen."""
    if mime_type == PDF:
        return _marked_pdf(content, mark, turn), PDF
    return _marked_picture(content, mark, turn), "image/jpeg"


def _marked_picture(content: bytes, mark: str, turn: int) -> bytes:
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(content)) as opened:
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture = opened.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = picture.rotate(-turn, expand=True)
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    step = max(picture.height // 5, 40)
    size = max(picture.width // 28, 10)
    for row, top in enumerate(range(step // 2, picture.height, step)):
        draw.text((8 + (row % 2) * size, top), mark, fill=(200, 0, 0, 110), font_size=size)
    marked = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    kept = io.BytesIO()
    marked.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def _marked_pdf(content: bytes, mark: str, turn: int) -> bytes:
    import pikepdf

    lines = "".join(f" 1 0 0 1 30 {height} Tm ({mark}) Tj" for height in range(40, 800, 150))
    drawn = f"q 0.8 0 0 rg BT /F 14 Tf{lines} ET Q".encode()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    with pikepdf.open(io.BytesIO(content)) as pdf, pikepdf.new() as stamp:
        stamp.add_blank_page(page_size=(612, 792))
        page = stamp.pages[0]
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=stamp.make_indirect(font)))
        page.Contents = stamp.make_stream(drawn)
        for of_paper in pdf.pages:
            of_paper.add_overlay(page, None)
            if turn:
                of_paper.rotate(turn, relative=True)
        kept = io.BytesIO()
        pdf.save(kept)
    return kept.getvalue()
