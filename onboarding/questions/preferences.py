"""What an account's owner may switch on later: borrowing, short sales, options, crypto."""

from onboarding.questions import fields, reading
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question

TRADING = "Trading"
LEVELS = (
    ("1", "Level 1: sell calls on shares you own, and puts with the cash to buy"),
    ("2", "Level 2: also buy calls and puts"),
    ("3", "Level 3: also combine several options"),
)

MARGIN = Page(
    "margin",
    TRADING,
    "Borrowing on margin",
    why="With margin you may buy for up to twice what you have. You pay interest on what you borrow, and can "
    "lose more than you put in: if your shares fall too far the broker sells them, without asking and at "
    "whatever price it gets.",
    questions=(
        Question(
            "wants_margin",
            "Do you want to be able to borrow against your shares?",
            ask=fields.yes_no,
            short="Borrow on margin",
            sent=("configuration.max_margin_multiplier", "configuration.no_shorting"),
            send=lambda wants: ("2", None) if wants else ("1", True),
        ),
        Question(
            "wants_shorting",
            "Do you want to be able to sell shares that you do not have?",
            ask=fields.yes_no,
            short="Sell short",
            help="You borrow the shares and have to buy them back. If their price rises there is no limit to "
            "what you can lose.",
            when=When("wants_margin", (True,), words="if you borrow on margin"),
            sent="configuration.no_shorting",
            send=lambda wants: not wants,
        ),
    ),
)

OPTIONS = Page(
    "options",
    TRADING,
    "Options",
    why="An option can lose all that was paid for it within days. Who sells options can lose many times what "
    "they got for them. The broker looks at your finances and experience before it allows a level.",
    questions=(
        Question(
            "options_level",
            "Which level do you ask for?",
            ask=fields.one_of(LEVELS),
            short="Level asked for",
            missing="Choose a level.",
            sent="options.level",
            send=int,
            read=reading.among(LEVELS),
        ),
    ),
)

CRYPTO = Page(
    "crypto",
    TRADING,
    "Crypto",
    why="Prices of crypto can halve within days, and there are days on which nobody buys. Crypto is not "
    "protected by SIPC: if the firm that keeps it fails, you can lose all of it.",
    questions=(
        Question(
            "wants_crypto",
            "Do you want to be able to trade crypto?",
            ask=fields.yes_no,
            short="Trade crypto",
            sent="enabled_assets",
            send=lambda wants: ["us_equity", "crypto"] if wants else ["us_equity"],
        ),
    ),
)
