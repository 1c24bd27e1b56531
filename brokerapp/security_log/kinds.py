"""What the security log tells of. A new kind is a line here, and needs no migration."""

from django.db.models import TextChoices


class Kind(TextChoices):
    """What happened; the stored word, and how the admin site says it."""

    SIGNED_UP = "SIGNED_UP", "signed up"
    SIGNED_IN = "SIGNED_IN", "signed in"
    SIGN_IN_FAILED = "SIGN_IN_FAILED", "sign-in failed"
    SIGN_IN_THROTTLED = "SIGN_IN_THROTTLED", "sign-in throttled"
    SIGNED_OUT = "SIGNED_OUT", "signed out"
    SESSION_ENDED = "SESSION_ENDED", "session ended"
    REAUTHENTICATED = "REAUTHENTICATED", "confirmed who they are"
    REAUTHENTICATION_FAILED = "REAUTHENTICATION_FAILED", "did not confirm who they are"

    PASSWORD_CHANGED = "PASSWORD_CHANGED", "password changed"
    PASSWORD_RESET = "PASSWORD_RESET", "password reset"
    PASSWORD_RESET_SENT = "PASSWORD_RESET_SENT", "reset mail sent by staff"
    EMAIL_ADDED = "EMAIL_ADDED", "e-mail address added"
    EMAIL_CONFIRMED = "EMAIL_CONFIRMED", "e-mail address confirmed"
    EMAIL_CHANGED = "EMAIL_CHANGED", "main e-mail address changed"
    EMAIL_REMOVED = "EMAIL_REMOVED", "e-mail address removed"
    MFA_ADDED = "MFA_ADDED", "second factor added"
    MFA_REMOVED = "MFA_REMOVED", "second factor removed"
    MFA_RENEWED = "MFA_RENEWED", "recovery codes renewed"
    MFA_USED = "MFA_USED", "second factor used"
    MFA_FAILED = "MFA_FAILED", "second factor failed"

    BANK_LINKED = "BANK_LINKED", "bank linked"
    BANK_UNLINKED = "BANK_UNLINKED", "bank unlinked"
    HOLD_PLACED = "HOLD_PLACED", "hold on withdrawals placed"
    HOLD_LIFTED = "HOLD_LIFTED", "hold on withdrawals lifted"
    SECURED = "SECURED", "account secured by its owner"
    SECURED_CLEARED = "SECURED_CLEARED", "secured account cleared"

    PROFILE_CHANGED = "PROFILE_CHANGED", "profile changed"
    DOCUMENT_OPENED = "DOCUMENT_OPENED", "document of the broker opened"
    PII_VIEWED = "PII_VIEWED", "personal data viewed"
    PII_REVEALED = "PII_REVEALED", "hidden personal data revealed"
    DATA_EXPORTED = "DATA_EXPORTED", "personal data exported"
    DATA_ERASED = "DATA_ERASED", "personal data erased"
    UPLOAD_REFUSED = "UPLOAD_REFUSED", "upload refused"

    ADMIN_ADDED = "ADMIN_ADDED", "row added by staff"
    ADMIN_CHANGED = "ADMIN_CHANGED", "row changed by staff"
    ADMIN_DELETED = "ADMIN_DELETED", "row deleted by staff"
    ADMIN_ACTION = "ADMIN_ACTION", "action of staff"
    ADMIN_REFUSED = "ADMIN_REFUSED", "refused to staff"
    RIGHTS_CHANGED = "RIGHTS_CHANGED", "rights changed"
    LOG_EXPORTED = "LOG_EXPORTED", "security log exported"

    DECISION_PROPOSED = "DECISION_PROPOSED", "decision on money proposed"
    DECISION_CONFIRMED = "DECISION_CONFIRMED", "decision on money confirmed"
    DECISION_TURNED_DOWN = "DECISION_TURNED_DOWN", "decision on money turned down"
    MONEY_DECIDED = "MONEY_DECIDED", "decision about money"
