"""Why a bank sends an ACH transfer back: every return code of Nacha's rules, in words for a person. Pure."""

import re

REASONS = {
    "R01": "there was not enough money in the bank account",
    "R02": "the bank account is closed",
    "R03": "the bank found no account with this number and name",
    "R04": "the bank account number is not a valid one",
    "R05": "the bank account belongs to a company, and the transfer was made as a person's",
    "R06": "the bank that sent it asked for it back",
    "R07": "the permission for this transfer was taken back at the bank",
    "R08": "the payment was stopped at the bank",
    "R09": "there was money in the bank account, but it was not available yet",
    "R10": "the bank was told that this transfer was not authorized",
    "R11": "the bank was told that this transfer was not as authorized",
    "R12": "the bank account was moved to another bank",
    "R13": "no bank takes transfers at this routing number",
    "R14": "the person who acts for the account holder has died or can no longer act",
    "R15": "the account holder has died",
    "R16": "the bank account is frozen",
    "R17": "the bank could not process the transfer as it was filled in",
    "R18": "the date of the transfer was not a valid one",
    "R19": "the amount of the transfer was not a valid one",
    "R20": "the bank account does not take this kind of transfer, as many savings accounts do not",
    "R21": "the company's identification in the transfer was not valid",
    "R22": "the person's identification in the transfer was not valid",
    "R23": "the account holder refused the transfer",
    "R24": "the bank took it for the same transfer as another one",
    "R25": "an addition to the transfer was wrong",
    "R26": "a required part of the transfer was missing",
    "R27": "the trace number of the transfer was wrong",
    "R28": "the check digit of the routing number was wrong",
    "R29": "the company that holds the bank account says that this transfer was not authorized",
    "R30": "the bank does not take part in this kind of payment",
    "R31": "the bank agreed with the sender to send it back after the usual time",
    "R32": "the bank cannot settle this kind of payment",
    "R33": "the bank sent back a payment made from a check",
    "R34": "the bank may take only some transfers at the moment",
    "R35": "a transfer of this kind cannot be a withdrawal from that account",
    "R36": "a transfer of this kind cannot be a deposit to that account",
    "R37": "the check that the payment was made from was paid as well",
    "R38": "the check that the payment was made from was stopped",
    "R39": "the check that the payment was made from cannot be used for it",
    "R40": "a government office sent the enrollment back",
    "R41": "the code of the enrollment was not valid",
    "R42": "the routing number of the enrollment was wrong",
    "R43": "the account number of the enrollment was wrong",
    "R44": "the person's number in the enrollment was wrong",
    "R45": "the name in the enrollment was wrong",
    "R46": "the sign for a representative in the enrollment was wrong",
    "R47": "the enrollment was made twice",
    "R50": "the law of the bank's state does not allow this kind of payment",
    "R51": "the payment was made from a check that was not eligible for it, or was not right",
    "R52": "the payment that was made from a check was stopped",
    "R53": "the check and the payment made from it were both presented",
    "R61": "the transfer was sent back to the wrong bank",
    "R62": "the transfer was sent back although it was a correction of a mistake",
    "R67": "the transfer was sent back twice",
    "R68": "the transfer was sent back too late",
    "R69": "a part of the return was wrong",
    "R70": "the transfer was sent back without the agreement that it needs",
    "R71": "the bank sent it back again, as the first return was addressed wrongly",
    "R72": "the bank sent it back again after the time for it",
    "R73": "the bank says that the first return was in time",
    "R74": "the bank corrected the first return",
    "R75": "the bank says that the first return was not a second one",
    "R76": "the bank found no mistake in the first return",
    "R77": "the bank does not take back what was sent back",
    "R80": "a payment from abroad was filled in wrongly",
    "R81": "a bank does not take part in payments from abroad",
    "R82": "the bank abroad has no valid number",
    "R83": "the bank abroad could not settle the payment",
    "R84": "the gateway did not process the payment from abroad",
    "R85": "the payment from abroad was not marked as one",
}
"""By code, as the end of "… was sent back: …". Source: Nacha Operating Rules, Appendix Four, in our words."""

CODE = re.compile(r"\bR\d\d\b")
OTHER_BANK = frozenset({"R02", "R03", "R04", "R05", "R12", "R13", "R16", "R20"})
"""After these a second deposit from the same bank account would come back as well."""


def return_reason(code: str) -> str:
    """Why a transfer came back, as part of a sentence: `the bank account is closed (R02)`.

    `code` is the broker's word (`R02`, or a text that has it). A code that is not listed is named, so
    that the bank can be asked; without any, the words say that the bank gave none.
    """
    found = CODE.search(code.upper())
    if not found:
        return "the bank gave no reason that we know"
    reason = REASONS.get(found.group(), "the bank gave a reason that we do not know")
    return f"{reason} ({found.group()})"


def in_words(text: str) -> str:
    """A text of the broker's with its return code in words; unchanged if it has none."""
    return return_reason(text) if CODE.search(text.upper()) else text


def needs_other_bank(text: str) -> bool:
    """Whether the broker's text has a return code that says that this bank account cannot be used."""
    found = CODE.search(text.upper())
    return found is not None and found.group() in OTHER_BANK
