"""Azure's OpenAPI (Swagger 2.0) files: which operation a request is, and what of an answer does not fit it."""

import json
import re
from urllib.parse import unquote

STRING_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
    "duration": re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "uri": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+"),
    "byte": re.compile(r"[A-Za-z0-9+/]*={0,2}"),
}
TYPES = {
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


class Schema:
    """A place in a file; what it refers to may lie in another."""

    _files = {}

    def __init__(self, file, node):
        self.file, self.node = file.resolve(), node

    @classmethod
    def whole(cls, file):
        file = file.resolve()
        if file not in cls._files:
            cls._files[file] = json.loads(file.read_text())
        return cls(file, cls._files[file])

    def at(self, *names):
        node = self.node
        for name in names:
            node = node[name]
        return Schema(self.file, node).resolved()

    def resolved(self):
        found = self
        while isinstance(found.node, dict) and "$ref" in found.node:
            file, _, place = found.node["$ref"].partition("#")
            found = Schema.whole(found.file.parent / file if file else found.file)
            for name in place.strip("/").split("/") if place else ():
                found = Schema(found.file, found.node[name.replace("~1", "/").replace("~0", "~")])
        return found

    def parts(self):
        """Itself and all that it inherits."""
        schema = self.resolved()
        return [schema] + [part for base in schema.node.get("allOf", ())
                           for part in Schema(schema.file, base).parts()]

    def of_kind(self, value):
        """The schema of the kind that the value's discriminator names; itself where there is none. Or what is wrong."""
        named = next((part for part in self.parts() if "discriminator" in part.node), None)
        if named is None or not isinstance(value, dict):
            return self, None
        field = named.node["discriminator"]
        kind = value.get(field)
        for name, definition in Schema.whole(named.file).node["definitions"].items():
            candidate = Schema(named.file, definition)
            if definition.get("x-ms-discriminator-value", name) == kind and any(
                    part.node is named.node for part in candidate.parts()):
                return candidate, None
        return self, f"{field} {kind!r} is no kind"


class Operation:
    def __init__(self, file, method, pattern, node):
        self.method, self.pattern, self._schema = method.upper(), pattern, Schema(file, node)
        self._path = re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(pattern).replace(r"\/", "/")) + "$", re.I)
        self.node = node

    def matches(self, method, path):
        return method == self.method and self._path.match(path) is not None

    def examples(self):
        """Of each: what its request's placeholders and its body were."""
        for name, example in self.node.get("x-ms-examples", {}).items():
            yield name, Schema(self._schema.file, example).resolved().node["parameters"]

    def body_of(self, parameters):
        for place in self.node.get("parameters", ()):
            parameter = Schema(self._schema.file, place).resolved().node
            if parameter["in"] == "body":
                return parameters.get(parameter["name"])
        return None

    def path_of(self, names):
        return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], self.pattern)

    def names_of(self, path):
        placeholders = re.findall(r"\{(\w+)\}", self.pattern)
        return dict(zip(placeholders, map(unquote, self._path.match(path).groups())))

    def misfits(self, status, body, shown):
        """What does not fit, each as a text. `shown(place, kind)`: whether the service has shown this there, against the
        specification; kind is a JSON type, "null", "missing", or "nothing" for an answer without a body. Places are as in `properties.errors[].code`."""
        responses = self.node["responses"]
        if str(status) not in responses and ("default" not in responses or status < 400):
            return [f"status {status}: the specification has {', '.join(responses)}"]
        response = Schema(self._schema.file, responses.get(str(status), responses.get("default"))).resolved()
        if "schema" not in response.node:
            return []
        if body is None:
            return [] if shown("", "nothing") else ["the body is missing"]
        return list(Fit(shown).misfits(response.at("schema"), body, ""))


class Fit:
    def __init__(self, shown):
        self._shown = shown

    def misfits(self, schema, value, at):
        if value is None:
            nullable = any(part.node.get("x-nullable") for part in schema.parts())
            if not nullable and not self._shown(at, "null"):
                yield f"{at}: null"
            return
        schema, wrong = schema.of_kind(value)
        if wrong:
            yield f"{at}.{wrong}"
        parts = schema.parts()
        kind = next((part.node["type"] for part in parts if "type" in part.node), None)
        if kind is None and any("properties" in part.node for part in parts):
            kind = "object"
        if kind and not TYPES[kind](value):
            yield f"{at}: {kind} expected, {value!r} found"
            return
        if isinstance(value, dict):
            yield from self._members(parts, value, at)
        elif isinstance(value, list):
            items = next((Schema(part.file, part.node["items"]) for part in parts if "items" in part.node), None)
            for item in value if items else ():
                yield from self.misfits(items, item, at + "[]")
        else:
            for part in parts:
                yield from scalar_misfits(part.node, value, at)

    def _members(self, parts, value, at):
        properties = {}
        for part in reversed(parts):
            for name, node in part.node.get("properties", {}).items():
                properties[name] = Schema(part.file, node)
        for part in parts:
            for name in part.node.get("required", ()):
                if name not in value and not self._shown(f"{at}.{name}".lstrip("."), "missing"):
                    yield f"{at}.{name}: missing".lstrip(".")
        others = next((part for part in parts if part.node.get("additionalProperties")), None)
        anything = not properties and others is None  # a bare object
        for name, member in value.items():
            place = f"{at}.{name}".lstrip(".")
            if name in properties:
                yield from self.misfits(properties[name], member, place)
            elif others is not None:
                of_all = others.node["additionalProperties"]
                if of_all is not True and (member is not None or not others.node.get("x-nullable")):
                    yield from self.misfits(Schema(others.file, of_all), member, f"{at}.*".lstrip("."))
            elif not anything and not self._shown(place, json_type(member)):
                yield f"{place}: not in the specification"


def json_type(value):
    return "null" if value is None else next(
        name for name, is_one in TYPES.items() if name != "integer" and is_one(value))


def scalar_misfits(node, value, at):
    if "enum" in node and value not in node["enum"]:
        yield f"{at}: {value!r} is none of {node['enum']}"
    if isinstance(value, str):
        form = STRING_FORMATS.get(node.get("format"))
        if form and not form.fullmatch(value):
            yield f"{at}: {value!r} is no {node['format']}"
        if "pattern" in node and not re.search(node["pattern"], value):
            yield f"{at}: {value!r} does not match {node['pattern']}"
        if len(value) < node.get("minLength", 0):
            yield f"{at}: {value!r} is too short"
    elif not isinstance(value, bool):
        if value < node.get("minimum", value) or value > node.get("maximum", value):
            yield f"{at}: {value} is out of range"


class Specification:
    def __init__(self, files):
        self.operations = [Operation(file, method, pattern, node)
                           for file in files
                           for pattern, methods in Schema.whole(file).node["paths"].items()
                           for method, node in methods.items()]

    def find(self, method, path):
        """Fixed names win over placeholders."""
        found = [operation for operation in self.operations if operation.matches(method, path)]
        return min(found, key=lambda operation: operation.pattern.count("{"), default=None)
