"""Conditions of rules: `category == "pothole" and not area in ["harbour", "old-town"] and text contains "school"`.

Fields: category, area (true of every area above the place, too), text, answers.CODE, channel, hour (0 to 23, local),
weekday ("monday" … "sunday"), priority. Between them and texts, numbers, lists: == != < <= > >= in contains, each with
`not`; joined by and, or, not and parentheses. Texts are compared without regard to capitals. Nothing is equal to, in,
or greater than an answer that was not given.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, v_args
from lark.exceptions import UnexpectedInput, VisitError

from civic.i18n import gettext as _
from civic.routing import explanation, operators
from civic.routing.facts import ANSWER_PREFIX, WEEKDAYS, Facts
from civic.suggestions import nearest_name

Value = str | float | bool | tuple["Value", ...]

FIELDS = ("category", "area", "text", "channel", "hour", "weekday", "priority")

GRAMMAR = r"""
?start: either
?either: both ("or"i both)*
?both: part ("and"i part)*
?part: "not"i part -> negation
     | "(" either ")"
     | test
test: field operator literal
    | field -> truth
?field: NAME
operator: EQ | NE | LE | GE | LT | GT | IN | CONTAINS
        | "not"i IN -> not_operator
        | "not"i CONTAINS -> not_operator
?literal: TEXT | NUMBER | TRUE | FALSE | list
list: "[" [literal ("," literal)* [","]] "]"

EQ: "=="
NE: "!="
LE: "<="
GE: ">="
LT: "<"
GT: ">"
IN: "in"i
CONTAINS: "contains"i
TRUE.2: "true"i
FALSE.2: "false"i
NAME: /(?!(and|or|not|in|contains|true|false)\b)[a-z_][a-z0-9_]*(\.[A-Za-z0-9_-]+)?/i
TEXT: /"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'/
NUMBER: /-?\d+(\.\d+)?/
%ignore /[ \t\r\n]+/
"""


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """A comparison `field operator value`. The operator `is` has no value: it asks whether the answer is yes."""

    field: str
    operator: str
    value: Value | None = None

    def holds(self, facts: Facts) -> bool:
        actual = operators.read_field(self.field, facts)
        if actual is None:
            return self.operator in ("!=", "not in", "not contains")
        return operators.OPERATORS[self.operator](actual, self.value)

    def explain(self, names: Callable[[str, str], str]) -> str:
        return explanation.explain_comparison(self.field, self.operator, self.value, names)

    def tests(self) -> Iterator["FieldComparison"]:
        yield self


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"

    def holds(self, facts: Facts) -> bool:
        return not self.part.holds(facts)

    def explain(self, names: Callable[[str, str], str]) -> str:
        return _("not (%(condition)s)", condition=self.part.explain(names))

    def tests(self) -> Iterator[FieldComparison]:
        yield from self.part.tests()


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by `word`: "and" or "or"."""

    word: str
    parts: tuple["Node", ...]

    def holds(self, facts: Facts) -> bool:
        results = (part.holds(facts) for part in self.parts)
        return all(results) if self.word == "and" else any(results)

    def explain(self, names: Callable[[str, str], str]) -> str:
        parts = [
            _("(%(condition)s)", condition=part.explain(names)) if isinstance(part, Junction) else part.explain(names)
            for part in self.parts
        ]
        return (_(" and ") if self.word == "and" else _(" or ")).join(parts)

    def tests(self) -> Iterator[FieldComparison]:
        for part in self.parts:
            yield from part.tests()


Node = FieldComparison | Not | Junction


@dataclass(frozen=True, slots=True)
class RuleCondition:
    """A parsed condition. `mentions` has the pairs (field, text) that it compares, for checks against the pack."""

    text: str
    root: Node

    def evaluate(self, facts: Facts) -> bool:
        """Whether the condition holds. Raises CannotCompare if a number is needed and the answer is another text."""
        return self.root.holds(facts)

    def explain(self, names: Mapping[str, Mapping[str, str]] | None = None) -> str:
        """The condition in the reader's language; `names` has names by field and code ({"category": {…}})."""
        given = names or {}
        return self.root.explain(lambda field, code: given.get(field, {}).get(code, code))

    @property
    def mentions(self) -> tuple[tuple[str, str], ...]:
        pairs = ((test.field, value) for test in self.root.tests() for value in _flat(test.value))
        return tuple((field, value) for field, value in pairs if isinstance(value, str))


def parse(text: str) -> RuleCondition:
    """Parse a condition. Raises ValueError that says what is wrong, with line and column."""
    try:
        root = _builder().transform(_parser().parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, ValueError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise ValueError(_syntax(error, text)) from None
    except RecursionError:
        raise ValueError("line 1, column 1: the condition is nested too deeply") from None
    return RuleCondition(text, root)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


@cache
def _builder() -> Transformer[Token, Node]:
    return _Builder()


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Turns the parse tree into nodes, and checks fields and values while their place in the text is known."""

    def either(self, *parts: Node) -> Node:
        return Junction("or", parts)

    def both(self, *parts: Node) -> Node:
        return Junction("and", parts)

    def negation(self, part: Node) -> Node:
        return Not(part)

    def operator(self, word: Token) -> str:
        return word.lower()

    def not_operator(self, word: Token) -> str:
        return f"not {word.lower()}"

    def list(self, *values: Any) -> tuple[Any, ...]:
        return tuple(values)

    def TEXT(self, token: Token) -> str:
        body = token[1:-1]
        return body.replace("\\" + token[0], token[0]).replace("\\\\", "\\")

    def NUMBER(self, token: Token) -> float:
        return float(token)

    def TRUE(self, _token: Token) -> bool:
        return True

    def FALSE(self, _token: Token) -> bool:
        return False

    def truth(self, name: Token) -> Node:
        field = _field(name)
        if not field.startswith(ANSWER_PREFIX):
            raise ValueError(_at(name, f'"{field}" has to be compared with something, as in {field} == …'))
        return FieldComparison(field, "is")

    def test(self, name: Token, operator: str, value: Any) -> Node:
        field = _field(name)
        _check(name, field, operator, value)
        return FieldComparison(field, operator, value)


def _field(name: Token) -> str:
    """The name of the field in lower case. Raises ValueError that names the nearest field if there is none."""
    head, dot, code = name.partition(".")
    if head.lower() == "answers" and dot:
        return ANSWER_PREFIX + code
    if not dot and head.lower() in FIELDS:
        return head.lower()
    known = [*FIELDS, "answers.CODE"]
    near = nearest_name(name.lower(), known)
    hint = f': did you mean "{near}"?' if near else f": the fields are {', '.join(known)}"
    raise ValueError(_at(name, f'there is no field "{name}"{hint}'))


def _check(name: Token, field: str, operator: str, value: Any) -> None:
    """Raise ValueError for a comparison that can never hold: it is a mistake of its writer."""
    is_list = isinstance(value, tuple)
    if operator.endswith("in") and not is_list:
        raise ValueError(_at(name, f'after "{operator}" comes a list, as in {field} {operator} ["a", "b"]'))
    if is_list and not operator.endswith(("in", "contains")):
        raise ValueError(_at(name, f'a list goes with "in" or "contains", not with "{operator}"'))
    if field == "hour" and not all(isinstance(one, float) and 0 <= one <= 23 for one in _flat(value)):
        raise ValueError(_at(name, "an hour is a number from 0 to 23"))
    if field == "weekday" and not all(str(one).lower() in WEEKDAYS for one in _flat(value)):
        raise ValueError(_at(name, f"a weekday is one of {', '.join(WEEKDAYS)}"))
    if field in ("category", "area", "channel", "priority", "text", "weekday"):
        if operator in ("<", "<=", ">", ">="):
            raise ValueError(_at(name, f'"{field}" is a text and cannot be compared by "{operator}"'))
        if not all(isinstance(one, str) for one in _flat(value)):
            raise ValueError(_at(name, f'"{field}" is compared with texts in quotes'))


def _at(token: Token, message: str) -> str:
    return f"line {token.line}, column {token.column}: {message}"


def _syntax(error: UnexpectedInput, text: str) -> str:
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        line = text.count("\n") + 1
        column = len(text) - (text.rfind("\n") + 1) + 1
        return f"line {line}, column {column}: the condition ends too early"
    where = f"line {error.line}, column {error.column}"
    if isinstance(error, UnexpectedCharacters):
        char = text[error.pos_in_stream] if error.pos_in_stream is not None else ""
        if char == "=":
            return f'{where}: for "is equal" write =='
        if char in "\"'":
            return f"{where}: this text has no closing quote"
        return f'{where}: "{char}" does not belong here'
    token = str(error.token) if isinstance(error, UnexpectedToken) else ""
    return f'{where}: "{token}" does not belong here'


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for one in value:
            yield from _flat(one)
    elif value is not None:
        yield value
