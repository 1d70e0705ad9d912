"""The kinds of events in a case's history: the one table that says what each is called and who learns of it."""

from enum import StrEnum
from typing import Self

from babel.support import LazyProxy

from civic.cases.status import UNNAMED
from civic.i18n import lazy as _

# Who learns of an event. Columns of the table below are sums of these.
PUBLIC = 1  # everybody can read it on the report's page; other events are for the desk only
REPORTER = 2  # the authors of the case's reports get a message: templates/messages/report_<kind>.txt
QUIET = 4  # it does not change the work: a form that somebody opened before it can still be sent


class EventKind(StrEnum):
    """Kind of a CaseEvent. Columns: code, label, who learns of it, the message that the desk gets ("": none).

    The message to the desk is templates/messages/<name>.txt; the action says which department, or the dispatchers.
    """

    label: LazyProxy
    desk_message: str
    is_public: bool
    tells_reporter: bool
    is_quiet: bool

    RECEIVED = "received", _("Received"), PUBLIC
    CHECKED = "checked", _("Checked by a moderator before it was shown"), PUBLIC
    TRIAGED = "triaged", _("Sent to triage"), PUBLIC, "case_triage"
    ASSIGNED = "assigned", _("Assigned"), PUBLIC + REPORTER, "case_assigned"
    ACCEPTED = "accepted", _("Accepted"), PUBLIC + REPORTER
    REPLIED = "replied", _("Replied"), PUBLIC + REPORTER
    ASKED = "asked", _("Asked the reporter"), PUBLIC + REPORTER
    ANSWERED = "answered", _("The reporter answered"), PUBLIC, "case_answered"
    WAIT_ENDED = "wait_ended", _("The wait for an answer ended"), PUBLIC + REPORTER, "case_wait_ended"
    HANDED_OVER = "handed_over", _("Handed over"), PUBLIC + REPORTER, "case_assigned"
    RETURNED = "returned", _("Returned to triage"), PUBLIC + REPORTER, "case_returned"
    SUPPORT_ADDED = "support_added", _("Help requested"), PUBLIC, "case_support"
    SUPPORT_DONE = "support_done", _("Help finished"), PUBLIC, "case_support_done"
    RECATEGORISED = "recategorised", _("Category changed"), PUBLIC
    RESOLVED = "resolved", _("Resolved"), PUBLIC + REPORTER
    DECLINED = "declined", _("Declined"), PUBLIC + REPORTER
    CONFIRMED = "confirmed", _("Confirmed as fixed"), PUBLIC
    CLOSED = "closed", _("Closed without an answer from the reporter"), PUBLIC + REPORTER
    REOPENED = "reopened", _("Reopened: not fixed"), PUBLIC + REPORTER, "case_reopened"
    APPEALED = "appealed", _("Appeal: a dispatcher decides"), PUBLIC + REPORTER, "case_appealed"
    APPEAL_OVERDUE = "appeal_overdue", _("The appeal is overdue"), PUBLIC + QUIET, "case_appeal_overdue"
    UPHELD = "upheld", _("Reopened: the appeal was upheld"), PUBLIC + REPORTER, "case_upheld"
    REJECTED = "rejected", _("The appeal was rejected"), PUBLIC + REPORTER, "case_rejected"
    MERGED = "merged", _("Merged into another case"), PUBLIC
    ABSORBED = "absorbed", _("Another case was merged into this one"), PUBLIC + REPORTER
    JOINED = "joined", _("Somebody else has reported it, too"), PUBLIC + QUIET
    PHOTOS_ADDED = "photos_added", _("The reporter added photos"), PUBLIC + QUIET
    UNMERGED = "unmerged", _("The merge was undone"), PUBLIC + REPORTER, "case_unmerged"
    RELEASED = "released", _("A merge into this case was undone"), PUBLIC + REPORTER
    RATED = "rated", _("The reporter rated how it was handled"), PUBLIC + QUIET
    OVERDUE = "overdue", _("Overdue"), PUBLIC + REPORTER + QUIET
    ESCALATED = "escalated", _("Reminder"), QUIET
    NOTE = "note", _("Internal note"), QUIET
    TAKEN = "taken", _("Assigned to a person"), QUIET
    MISROUTED = "misrouted", _("Marked as sent to the wrong place"), QUIET
    EXCLUDED = "excluded", _("Taken out of the scores"), QUIET
    OBJECTED = "objected", _("The department objects to how this counts"), PUBLIC + QUIET, "case_objected"
    OBJECTION_DECIDED = "objection_decided", _("Objection decided"), PUBLIC + QUIET, "case_objection_decided"
    INCLUDED = "included", _("Counted in the scores again"), QUIET

    def __new__(cls, code: str, label: LazyProxy = UNNAMED, learns: int = 0, desk_message: str = "") -> Self:
        kind = str.__new__(cls, code)
        kind._value_ = code
        kind.label, kind.desk_message = label, desk_message
        kind.is_public, kind.tells_reporter = bool(learns & PUBLIC), bool(learns & REPORTER)
        kind.is_quiet = bool(learns & QUIET)
        return kind

    @property
    def reporter_message(self) -> str:
        """The message that the reporters get: the name of a template."""
        return f"report_{self.value}"


QUIET_KINDS = [kind.value for kind in EventKind if kind.is_quiet]
