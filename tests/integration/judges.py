"""Those who judge the operator and were written by others: kstatus, an informer of client-go, promtool."""

import json
import pathlib
import re
import ssl
import subprocess
import threading
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PLURALS = {"Workspace": "workspaces", "ComputeTarget": "computetargets", "TrainingRun": "trainingruns"}
TENANT = "11111111-1111-1111-1111-111111111111"  # azsim's own
CLIENT = "22222222-2222-2222-2222-222222222222"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


def tools():
    """The folder of kstatus, statuses and promtool."""
    done = subprocess.run([HERE / "build_judges.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


def kstatus(objects):
    """What kstatus says of each: Current, InProgress, Failed, Terminating."""
    lines = "".join(json.dumps(one) + "\n" for one in objects)
    done = subprocess.run([tools() / "kstatus"], input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["status"] for line in done.stdout.splitlines()]


def promtool(*arguments, stdin):
    """The finished process."""
    return subprocess.run([tools() / "promtool", *arguments], input=stdin, capture_output=True, text=True, check=False)


class Informer:
    """All that an informer is told of a kind in a namespace, while it is entered."""

    def __init__(self, kind, namespace):
        self._arguments = ("trainyard.dev", "v1alpha1", PLURALS[kind], namespace)
        self._seen = []

    def __enter__(self):
        self._process = subprocess.Popen([tools() / "statuses", *self._arguments], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def _read(self):
        for line in self._process.stdout:
            self._seen.append(json.loads(line))

    def __exit__(self, *_):
        self._process.stdin.close()
        self._reader.join()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def objects(self, name=None):
        """As they were at each event, oldest first; of one name if it is given."""
        seen = [one["object"] for one in list(self._seen) if one["event"] != "deleted"]
        return [one for one in seen if name in (None, one["metadata"]["name"])]


def cancel_job(clouds, job):
    """As somebody else does it, in the workspace of azsim that `clouds` tells of."""
    text = clouds.read_text()
    host = re.search(r"resourceManager: (\S+)", text)[1]
    trust = ssl.create_default_context(cadata=re.sub(r"(?m)^ +", "", text[text.index("-----BEGIN"):]))

    def post(path, data, **headers):
        request = urllib.request.Request(host + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
            return answer.read()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "secret",
                                   "scope": host + "/.default"})
    token = json.loads(post(f"/{TENANT}/oauth2/v2.0/token", form.encode()))["access_token"]
    post(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/trainyard-demo/providers/Microsoft.MachineLearningServices/"
         f"workspaces/demo/jobs/{job}/cancel?api-version=2024-10-01", b"", Authorization="Bearer " + token)
