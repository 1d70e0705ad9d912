"""What the parts of a case are called, in the reader's language."""

from civic.cases.models import AssignmentPart, DeclineReason, Outcome, Status
from civic.i18n import lazy as _

STATUS_LABELS = {
    Status.RECEIVED: _("received"),
    Status.ASSIGNED: _("assigned"),
    Status.IN_PROGRESS: _("in progress"),
    Status.WAITING: _("waiting for the reporter"),
    Status.RESOLVED: _("resolved"),
    Status.CONFIRMED: _("confirmed as fixed"),
    Status.DECLINED: _("declined"),
    Status.MERGED: _("merged with another report"),
}

DECLINE_LABELS = {
    DeclineReason.NOT_PUBLIC: _("not a matter of the city"),
    DeclineReason.NO_ACTION_NEEDED: _("nothing needs to be done"),
    DeclineReason.CANNOT_FIND: _("the place or the problem could not be found"),
    DeclineReason.NOT_FEASIBLE: _("cannot be done"),
    DeclineReason.PRIVATE_MATTER: _("a private matter"),
    DeclineReason.EMERGENCY_ELSEWHERE: _("an emergency: please call the emergency number"),
}

PART_LABELS = {AssignmentPart.LEAD: _("in charge"), AssignmentPart.SUPPORT: _("helping")}

OUTCOME_LABELS = {
    Outcome.HANDED_OVER: _("handed over"),
    Outcome.REASSIGNED: _("reassigned by a dispatcher"),
    Outcome.RETURNED: _("returned to triage"),
    Outcome.RESOLVED: _("resolved"),
    Outcome.DECLINED: _("declined"),
    Outcome.MERGED: _("merged with another report"),
    Outcome.DONE: _("its part is done"),
    Outcome.CLOSED: _("closed by somebody else"),
}

PRIORITY_LABELS = {"low": _("low"), "normal": _("normal"), "high": _("high")}

# One line of the public history by kind of event; what it says beyond that stands beside it.
EVENTS = {
    "received": _("Received"),
    "triaged": _("Sent to triage"),
    "assigned": _("Assigned"),
    "accepted": _("Accepted"),
    "replied": _("Replied"),
    "asked": _("Asked the reporter"),
    "answered": _("The reporter answered"),
    "wait_ended": _("The wait for an answer ended"),
    "handed_over": _("Handed over"),
    "returned": _("Returned to triage"),
    "support_added": _("Help asked for"),
    "support_done": _("Help finished"),
    "recategorised": _("Category changed"),
    "resolved": _("Resolved"),
    "declined": _("Declined"),
    "confirmed": _("Confirmed as fixed"),
    "closed": _("Closed without an answer from the reporter"),
    "reopened": _("Reopened: not fixed"),
    "upheld": _("Reopened: the appeal was upheld"),
    "merged": _("Merged into another case"),
    "absorbed": _("Another case was merged into this one"),
    "rated": _("The reporter rated how it was handled"),
    "overdue": _("Overdue"),
    "escalated": _("Reminder"),
    "note": _("Internal note"),
    "taken": _("Given to a person"),
    "misrouted": _("Marked as sent to the wrong place"),
    "excluded": _("Taken out of the scores"),
    "included": _("Counted in the scores again"),
}
