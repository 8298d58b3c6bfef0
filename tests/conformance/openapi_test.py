#!/usr/bin/env python3
"""What azsim answers as Azure Machine Learning fits the OpenAPI files of 2023-10-01, save where the real service has shown
otherwise. Every operation that azsim serves and the files have is asked what the files' own examples ask.

    openapi_test.py [API-VERSION ...]
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import shared
from arm import GROUP, WORKSPACE, Client
from azsim import SUBSCRIPTION, Azsim
from contract import Contract
from openapi import Specification

PROVIDER = "specification/machinelearningservices/resource-manager/Microsoft.MachineLearningServices/stable/2023-10-01"
FILES = ("machineLearningServices.json", "mfe.json", "registries.json", "workspaceFeatures.json")
VERSIONS = ("2022-05-01", "2023-04-01-preview", "2023-10-01", "2024-04-01")
OURS = {"subscriptionId": SUBSCRIPTION, "resourceGroupName": GROUP, "workspaceName": WORKSPACE}
AT_ONCE = 4
PATIENCE = 60  # seconds
LAST = ("Workspaces_Delete",)


def served(specification):
    """The operations of the specification that azsim serves."""
    told = subprocess.run([os.environ["TRAINYARD_AZSIM"], "--operations"], capture_output=True, text=True, check=True)
    found = {}
    for line in told.stdout.splitlines():
        name, method, pattern = line.split(" ")
        if operation := specification.find(method, pattern.replace("{", "").replace("}", "")):
            found[operation.pattern, operation.method] = operation
    return sorted(found.values(), key=lambda operation: operation.pattern)


class Judge:
    def __init__(self, client, specification, contract):
        self._client, self._specification, self._contract = client, specification, contract
        self.asked, self.misfits = set(), {}

    def ask(self, method, path, body=None):
        answer = self._client.ask(method, path, body)
        operation = self._specification.find(method, path)
        self.asked.add(operation.node["operationId"])
        shown = self._contract.shown(method, path, answer.status, answer.body)
        for misfit in operation.misfits(answer.status, answer.body, shown):
            self.misfits.setdefault(f"{operation.node['operationId']} {answer.status} {misfit}", path)
        return answer


    def settle(self, path):
        """Returns when what is there is no longer being made or changed."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self._client.ask("GET", path)
            properties = answer.body.get("properties") if isinstance(answer.body, dict) else None
            if (properties or {}).get("provisioningState") not in ("Creating", "Updating", "Deleting"):
                return
            time.sleep(0.1)
        raise TimeoutError(path + " does not settle")


def below(operations, method):
    return [operation for operation in operations if operation.method == method]


def exercise(judge, operations):
    """Puts what the examples put, each under a name of its own; reads, changes and deletes it."""
    made = {}  # by the pattern of the resource: its placeholders, of each
    for put in sorted(below(operations, "PUT"), key=lambda operation: operation.pattern.count("/")):
        last = put.pattern.rsplit("/", 1)[1].strip("{}")
        parents = made.get(put.pattern.rsplit("/", 2)[0], [{}])[:1]
        for number, (_, parameters) in enumerate(put.examples()):
            names = {**parameters, **(parents[0] if parents else {}), **OURS}
            if last not in OURS:
                names[last] = "1" if last == "version" else f"made{number}"
            path = put.path_of(names)
            for _ in range(2):  # new, and there already
                if judge.ask("PUT", path, put.body_of(parameters)).status < 300:
                    made.setdefault(put.pattern, []).append(names)
            judge.settle(path)
    for method in ("GET", "PATCH", "POST", "GET", "DELETE"):
        for operation in sorted(below(operations, method), key=lambda one: -one.pattern.count("/")):
            if operation.node["operationId"] in LAST:
                continue
            for name, parameters in operation.examples():
                for names in whole(operation, made, parameters):
                    judge.ask(method, operation.path_of(names), operation.body_of(parameters))


def whole(operation, made, parameters):
    """The placeholders of all that was made there, and of something that was not."""
    resource = operation.pattern
    while resource not in made and "/" in resource:
        resource = resource.rsplit("/", 1)[0]
    there = [{**parameters, **names} for names in made.get(resource, [{}])]
    last = resource.rsplit("/", 1)[-1].strip("{}")
    absent = [] if last in OURS or not resource else [{**there[0], last: "nowhere"}]
    return [{**names, **OURS, "location": "eastus"} for names in there + absent]


def judged(version):
    """What was asked, and what did not fit."""
    specification, contract = read_specification(), read_contract()
    operations = served(specification)
    with Azsim(("--workspace", f"{GROUP}/{WORKSPACE}")) as azsim:
        judge = Judge(Client(azsim, version), specification, contract)
        exercise(judge, operations)
        for operation in operations:
            if operation.node["operationId"] in LAST:
                judge.ask(operation.method, operation.path_of(OURS))
    return judge.asked, judge.misfits


def read_specification():
    folder = shared.folder("azure-specs") / PROVIDER
    return Specification([folder / name for name in FILES])


def read_contract():
    return Contract(shared.folder("recordings") / "contract.jsonl")


def main(versions):
    read_contract()
    operations = served(read_specification())
    silent = {operation.node["operationId"] for operation in operations}
    misfits = {}
    with ProcessPoolExecutor(AT_ONCE) as pool:  # they mostly wait for what takes its time
        for version, (asked, found) in zip(versions, pool.map(judged, versions)):
            silent -= asked
            for misfit, path in found.items():
                misfits.setdefault(misfit, f"{version} {path}")
    for misfit, where in sorted(misfits.items()):
        print(misfit, "   first at", where)
    print(f"{len(operations)} operations, {len(misfits)} misfits, never asked: {sorted(silent) or 'none'}")
    sys.exit(1 if misfits or silent or not operations else 0)


if __name__ == "__main__":
    main(sys.argv[1:] or VERSIONS)
