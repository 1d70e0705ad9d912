"""Everything that changes a case: one action is one transaction (change.py), and joins one that is open.

Actions on a case that a form was made from take `seen`, the seq of the latest event that the form knew of. They raise
NotFound, Conflict (CaseChanged with what happened since, or a step that the case cannot make), NotAllowed, Invalid.
"""

from civic.cases.actions.annotations import (
    add_note,
    exclude,
    include,
    mark_misrouted,
    rate_handling,
    recategorise,
    set_assignee,
)
from civic.cases.actions.appeal import appeal, reject, uphold
from civic.cases.actions.assignment import Placement, assign, give_back, hand_over, place_received, send_to_triage
from civic.cases.actions.closing import confirm, decline, dispute, resolve
from civic.cases.actions.creation import CASE_ROWS, add_case, join, note_photos, release
from civic.cases.actions.lines import erase_event_text, hide_line, restore_line
from civic.cases.actions.merging import merge, unmerge
from civic.cases.actions.objections import decide_objection, object_to_score
from civic.cases.actions.progress import accept, add_support, answer, answer_in_comment, ask, reply, support_done
from civic.cases.actions.scheduled import (
    confirm_next_resolution,
    end_next_wait,
    escalate_next_clock,
    remind_next_appeal,
    resume_next_pause,
)

__all__ = [
    "CASE_ROWS",
    "Placement",
    "accept",
    "add_case",
    "add_note",
    "add_support",
    "answer",
    "answer_in_comment",
    "appeal",
    "ask",
    "assign",
    "confirm",
    "confirm_next_resolution",
    "decide_objection",
    "decline",
    "dispute",
    "end_next_wait",
    "erase_event_text",
    "escalate_next_clock",
    "exclude",
    "give_back",
    "hand_over",
    "hide_line",
    "include",
    "join",
    "mark_misrouted",
    "merge",
    "note_photos",
    "object_to_score",
    "place_received",
    "rate_handling",
    "recategorise",
    "reject",
    "release",
    "remind_next_appeal",
    "reply",
    "resolve",
    "restore_line",
    "resume_next_pause",
    "send_to_triage",
    "set_assignee",
    "support_done",
    "unmerge",
    "uphold",
]
