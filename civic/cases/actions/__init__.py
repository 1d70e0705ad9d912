"""Everything that changes a case: one action is one transaction (see turns.py), and joins one that is open.

Actions on a case that a form was made from take `seen`, the seq of the latest event that the form knew of. They raise
NotFound, Conflict (CaseChanged with what happened since, or a step that the case cannot make), NotAllowed, Invalid.
"""

from civic.cases.actions.ending import confirm, decline, dispute, resolve, uphold
from civic.cases.actions.keeping import erase, exclude, include, misroute, note, rate, recategorise, take
from civic.cases.actions.merging import merge
from civic.cases.actions.opening import open_case
from civic.cases.actions.passing import assign, give_back, hand_over, triage
from civic.cases.actions.timed import confirm_by_time, end_wait, fire_step
from civic.cases.actions.working import accept, add_support, answer, ask, reply, support_done

__all__ = [
    "accept",
    "add_support",
    "answer",
    "ask",
    "assign",
    "confirm",
    "confirm_by_time",
    "decline",
    "dispute",
    "end_wait",
    "erase",
    "exclude",
    "fire_step",
    "give_back",
    "hand_over",
    "include",
    "merge",
    "misroute",
    "note",
    "open_case",
    "rate",
    "recategorise",
    "reply",
    "resolve",
    "support_done",
    "take",
    "triage",
    "uphold",
]
