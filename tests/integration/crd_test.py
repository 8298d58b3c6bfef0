"""What a real API server and real kubectl make of crds/ and manifests/."""

import json
import pathlib
import re
import subprocess
import unittest
import uuid

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CRDS = REPOSITORY / "crds"
SAMPLES = REPOSITORY / "manifests/samples"
TABLES = REPOSITORY / "tests/manifests/tables"
SHORT = {"Workspace": "ws", "ComputeTarget": "ct", "TrainingRun": "tr"}


def kubectl(*arguments, stdin=None, check=True):
    """What it prints; with check=False the finished process."""
    done = subprocess.run(["kubectl", *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False)
    if not check:
        return done
    assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
    return done.stdout


def get(*arguments):
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def definitions():
    """Kind and CRD, as written."""
    crds = [yaml.safe_load(file.read_text()) for file in sorted(CRDS.glob("*.yaml"))]
    return {crd["spec"]["names"]["kind"]: crd for crd in crds}


def schema_of(crd):
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def rules_below(schema, path=""):
    """Each rule with the path that the API server says it of."""
    for rule in schema.get("x-kubernetes-validations", []):
        yield (path + rule.get("fieldPath", "")).removeprefix("."), rule
    for name, below in schema.get("properties", {}).items():
        yield from rules_below(below, f"{path}.{name}")
    if "items" in schema:
        yield from rules_below(schema["items"], f"{path}[]")


def says(rule):
    """What its message looks like, as a regular expression."""
    if "messageExpression" not in rule:
        return re.escape(rule["message"])
    text = re.fullmatch(r"'(.*)'\.format\(.*\)", rule["messageExpression"]).group(1)
    return re.escape(text).replace("%d", r"\d+")


def kind_of(document):
    """As it is written, which may be no YAML."""
    return next((line.removeprefix("kind: ") for line in document.splitlines() if line.startswith("kind: ")), "")


def cases(file):
    """As tests/manifests/tables/README.md says: the case, its good document, its text."""
    table = yaml.safe_load((TABLES / file).read_text())
    for case in table["bad"]:
        good = table["good"][case["of"]] if "of" in case else ""
        if "text" in case:
            text = case["text"]
        elif "append" in case:
            text = good + case["append"]
        else:
            assert case["replace"] in good, case
            text = good.replace(case["replace"], case["with"], 1)
        yield case, good, text


def setUpModule():
    kubectl("apply", "-f", CRDS)
    kubectl("wait", "--for=condition=Established", "--timeout=60s",
            *[f"crd/{crd['metadata']['name']}" for crd in definitions().values()])


class Cluster(unittest.TestCase):
    """A namespace for each test."""

    def setUp(self):
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"
        kubectl("create", "namespace", self.namespace)

    def here(self, command, *arguments, **more):
        return kubectl(command, "-n", self.namespace, *arguments, **more)

    def judge(self, case, done):
        """That the API server took it or refused it, as the case says, and said what the case says."""
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode == 0, not case["server"], said)
        for text in case["server"]:
            self.assertIn(text, said)


class Definitions(Cluster):
    def test_both_ways_of_apply_and_nothing_to_complain_of(self):
        for crd in definitions().values():
            name = crd["metadata"]["name"]
            with self.subTest(name):
                annotations = get("crd", name)["metadata"]["annotations"]
                kept = annotations["kubectl.kubernetes.io/last-applied-configuration"]
                self.assertLess(len(kept), 256 * 1024)
        for way in ((), ("--server-side",)):
            done = kubectl("apply", *way, "-f", CRDS, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), way)
        for crd in definitions().values():
            with self.subTest(crd["metadata"]["name"]):
                found = get("crd", crd["metadata"]["name"])["status"]["conditions"]
                conditions = {one["type"]: one["status"] for one in found}
                self.assertEqual(conditions, {"NamesAccepted": "True", "Established": "True"}, found)

    def test_explain_tells_what_the_fields_are(self):
        for kind, crd in definitions().items():
            schema = schema_of(crd)
            for path, described in ((kind, schema), (f"{kind}.spec", schema["properties"]["spec"]),
                                    (f"{kind}.status", schema["properties"]["status"])):
                with self.subTest(path):
                    said = " ".join(kubectl("explain", path.lower()).split())
                    self.assertIn(described["description"], said)
                    for name, field in described["properties"].items():
                        if name not in ("apiVersion", "kind", "metadata"):  # Kubernetes has words of its own for them
                            self.assertIn(field["description"], said)


class Samples(Cluster):
    def test_each_is_taken_and_stays_as_written(self):
        files = sorted(SAMPLES.glob("**/*.yaml"))
        self.assertGreaterEqual(len(files), 8)
        for file in files:
            what = ("-k", file.parent) if file.name == "kustomization.yaml" else ("-f", file)
            with self.subTest(file.relative_to(SAMPLES)):
                self.assertIn("created", self.here("apply", "--validate=strict", *what))
                difference = self.here("diff", *what, check=False)
                self.assertEqual(difference.returncode, 0, difference.stdout + difference.stderr)
                self.assertNotRegex(self.here("apply", *what), "created|configured")
                self.here("delete", *what)


class BadManifests(Cluster):
    def test_each_is_refused_as_the_tables_say(self):
        for file in ("documents.yaml", "workspaces.yaml", "compute_targets.yaml", "training_runs.yaml"):
            for case, good, text in cases(file):
                with self.subTest(f"{file}: {case['name']}"):
                    if good:
                        self.here("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=good)
                    self.judge(case, kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text,
                                             check=False))

    def test_each_change_is_taken_or_refused_as_the_table_says(self):
        for case, good, text in cases("changes.yaml"):
            with self.subTest(case["name"]):
                self.here("apply", "-f", "-", stdin=good)
                self.judge(case, self.here("apply", "-f", "-", stdin=text, check=False))
                self.here("delete", "-f", "-", stdin=good)

    def test_the_tables_have_every_rule_of_the_crds(self):
        said = {}
        for file in TABLES.glob("*.yaml"):
            for case, good, text in cases(file.name):
                said.setdefault(kind_of(good or text), []).extend(case["server"])
        for kind, crd in definitions().items():
            lines = [re.sub(r"\[\d+\]", "[]", line) for line in said[kind]]
            for path, rule in rules_below(schema_of(crd)):
                with self.subTest(f"{kind}: {path}: {rule['rule']}"):
                    wanted = f"{re.escape(path)}: [^:]*:.* {says(rule)}"
                    self.assertTrue(any(re.fullmatch(wanted, line) for line in lines), f"no case says {wanted}")


class Objects(Cluster):
    GOOD = {"Workspace": ("workspaces.yaml", "workspace"), "ComputeTarget": ("compute_targets.yaml", "cluster"),
            "TrainingRun": ("training_runs.yaml", "run")}
    NOON = "2026-01-01T12:00:00Z"
    READY = {"type": "Ready", "status": "True", "reason": "Seen", "message": "All is well", "lastTransitionTime": NOON}
    STATUS = {"Workspace": {"location": "westeurope"},
              "ComputeTarget": {"provisioningState": "Succeeded", "nodes": {"current": 2}, "origin": "Created"},
              "TrainingRun": {"phase": "Running", "attempt": 1, "runName": "run-1"}}
    CELLS = {"Workspace": {"WORKSPACE": "demo", "LOCATION": "westeurope"},
             "ComputeTarget": {"WORKSPACE": "demo", "STATE": "Succeeded", "NODES": "2", "ORIGIN": "Created"},
             "TrainingRun": {"TARGET": "cpu", "PHASE": "Running", "ATTEMPT": "1", "RUN": "run-1"}}

    def setUp(self):
        super().setUp()
        for file, name in self.GOOD.values():
            self.here("create", "-f", "-", stdin=yaml.safe_load((TABLES / file).read_text())["good"][name])

    def patch(self, kind, change, *arguments):
        self.here("patch", kind, "a-name", "--type=merge", "-p", json.dumps(change), *arguments)

    def found(self, kind):
        return get(kind, "a-name", "-n", self.namespace)

    def test_names(self):
        listed = self.here("get", "trainyard", "-o", "name").split()
        self.assertEqual(set(listed), {f"{kind.lower()}.trainyard.dev/a-name" for kind in SHORT})
        for kind, short in SHORT.items():
            self.assertEqual(self.here("get", short, "-o", "name").strip(), f"{kind.lower()}.trainyard.dev/a-name")

    def test_columns(self):
        for kind, crd in definitions().items():
            with self.subTest(kind):
                self.patch(kind, {"status": self.STATUS[kind] | {"conditions": [self.READY]}}, "--subresource=status")
                columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]
                short, wide = self.table(kind), self.table(kind, "-o", "wide")
                few = [one["name"].upper() for one in columns if not one.get("priority")]
                self.assertEqual(list(short), ["NAME", *few])
                self.assertEqual(set(wide), {"NAME", *(one["name"].upper() for one in columns)})
                expected = self.CELLS[kind] | {"NAME": "a-name", "READY": "True", "REASON": "Seen",
                                               "MESSAGE": "All is well"}
                self.assertEqual({name: wide[name] for name in expected}, expected)
                self.assertRegex(wide["SINCE"], r"^\d+[dy]")
                self.assertRegex(wide["AGE"], r"^\d+[sm]")

    def table(self, kind, *arguments):
        """The one row of `kubectl get`, by column. A cell begins where its heading does."""
        heading, row = self.here("get", kind, *arguments).rstrip("\n").split("\n")
        names = heading.split()
        starts = [heading.index(f" {name}") + 1 if at else 0 for at, name in enumerate(names)]
        return {name: row[start:end].strip() for name, start, end in zip(names, starts, [*starts[1:], None])}

    def test_the_status_is_written_apart_from_the_spec(self):
        for kind in SHORT:
            with self.subTest(kind):
                before = self.found(kind)
                self.assertEqual(before["metadata"]["generation"], 1)
                status = {"observedGeneration": 1, "conditions": [self.READY]}
                self.patch(kind, {"status": status, "spec": None}, "--subresource=status")
                after = self.found(kind)
                self.assertEqual(after["status"], status)
                self.assertEqual((after["metadata"]["generation"], after["spec"]), (1, before["spec"]))
                spec = {"Workspace": {"credential": {"clientSecret": {"secretRef": {"name": "other"}}}},
                        "ComputeTarget": {"deletionPolicy": "Retain"}, "TrainingRun": {"suspend": True}}[kind]
                self.patch(kind, {"spec": spec, "status": {"observedGeneration": 9}})
                last = self.found(kind)
                self.assertEqual((last["metadata"]["generation"], last["status"]), (2, status))
                self.assertNotEqual(last["spec"], before["spec"])


if __name__ == "__main__":
    unittest.main()
