"""What the real service has shown, against its specification: contract.jsonl, one line an operation, kind and status."""

import json
import re

WORKSPACE = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.MachineLearningServices/workspaces/"
                       r"[^/]+", re.I)
KINDS = ("computeType", "jobType", "datastoreType")


def resource_of(pattern):
    """A list and what is in it are told by the same name, whatever the method."""
    return re.sub(r"/\{\}$", "", pattern)


def pattern_of(path):
    parts = WORKSPACE.sub("WS", path).split("/")
    if parts[-1].lower() == "workspaces":
        return "WS"
    return "/".join("{}" if at and at % 2 == 0 else part for at, part in enumerate(parts))


def kind_of(body):
    properties = body.get("properties") if isinstance(body, dict) else None
    return next((properties[name] for name in KINDS if name in properties), None) if properties else None


class Contract:
    def __init__(self, file):
        self._facts = [json.loads(line) for line in file.read_text().splitlines()]

    def shown(self, method, path, status, body):
        """For Operation.misfits()."""
        pattern, kind = pattern_of(path), kind_of(body)
        own = [fact for fact in self._facts if fact["operation"] == f"{method} {pattern}" and fact["status"] == status]
        alike = [(fact.get("of", kind), {field.removeprefix("value[]."): types for field, types in fact["fields"].items()})
                 for fact in self._facts
                 if resource_of(fact["operation"].partition(" ")[2]) == resource_of(pattern)
                 and fact["status"] < 300]

        one_base = pattern.startswith("WS/jobs")  # what one kind of job shows, others may

        def seen(place, what):
            if what == "nothing":
                return any(not fact["fields"] for fact in own)
            field = place.removeprefix("value[].")
            parent = field.rpartition(".")[0]
            if what == "missing":
                return any(parent in fields and " " in fields.get(field, " ")
                           for of, fields in alike if kind in (None, of))
            return any(what in fields.get(form, "").split(" ")[0].split("|")
                       for of, fields in alike if one_base or kind in (None, of) for form in (field, f"{parent}.*"))
        return seen
