"""The operator while the API server fails it: restarts, forgotten versions, refused credentials, other writers."""

import os
import pathlib
import tempfile
import threading
import unittest

from api_server import ApiServer
from control_plane import ControlPlane
from operator_world import SYSTEM, OperatorTest, get, kubectl, wait_until


class Faults(OperatorTest):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="trainyard-plane."))
        cls.plane = cls.enterClassContext(ControlPlane(pathlib.Path(folder) / "plane"))
        os.environ.update(cls.plane.environment())
        super().setUpClass()

    def start_training(self, seconds):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(f"import time; time.sleep({seconds})"),
                   self.run_of())
        wait_until("a job that runs", lambda: get("trainingrun", "fit", self.ns).get("status", {}).get("phase")
                   in ("Running", "Completed"))

    def finish_training(self):
        self.wait_ready("trainingrun/fit")
        self.assertEqual(self.writes("jobs.put"), 1)
        self.assertEqual(self.writes("computes.put"), 1)

    def test_the_api_server_restarts_while_a_run_is_under_way(self):
        operator = self.operator()
        self.start_training(10)
        self.plane.restart_api_server()
        self.finish_training()
        self.assertIsNone(operator.process.poll())

    def test_versions_that_are_forgotten_are_listed_anew(self):
        operator = self.operator("--log-level", "debug")
        self.start_training(10)
        self.plane.restart_api_server(forget=True)
        operator.wait_for("the watch is too old: listed anew")
        self.finish_training()
        self.apply(self.cluster(maxNodes=4))
        wait_until("the resize", lambda: self.writes("computes.put") == 2)

    def test_a_token_that_is_no_longer_taken_is_read_again(self):
        operator = self.operator()
        self.start_training(10)
        token = self.token.read_text()
        self.token.write_text("no-longer")
        operator.wait_for("the lease cannot be renewed")
        self.token.write_text(token)
        self.finish_training()
        self.assertIsNone(operator.process.poll())
        self.assertNotIn("no-longer", operator.says())

    def test_what_rbac_refuses_is_told_and_made_up_for(self):
        kubectl("delete", "clusterrolebinding", "trainyard-operator")
        operator = self.operator()
        try:
            wait_until("its end", lambda: operator.process.poll() is not None)
            self.assertEqual(operator.process.returncode, 1)
            self.assertIn('cannot get resource "namespaces"', operator.says())
        finally:
            self.bind()
        operator = self.operator()
        self.start_training(10)
        kubectl("delete", "clusterrolebinding", "trainyard-operator")
        try:
            self.apply(self.cluster(maxNodes=4))
            self.plane.restart_api_server()  # watches are asked for anew, and refused
            operator.wait_for("the API server cannot be watched")
        finally:
            self.bind()
        self.wait_ready("trainingrun/fit")
        self.assertEqual(self.writes("jobs.put"), 1)
        wait_until("the resize", lambda: self.writes("computes.put") == 2)

    def test_a_stolen_lease_ends_the_process(self):
        operator = self.operator()
        operator.wait_for("objects are reconciled")
        kubectl("patch", "lease", "trainyard", "-n", SYSTEM, "--type=merge", "-p",
                '{"spec": {"holderIdentity": "a-thief"}}')
        wait_until("its end", lambda: operator.process.poll() is not None)
        self.assertEqual(operator.process.returncode, 3)
        self.assertEqual(get("lease", "trainyard", SYSTEM)["spec"]["holderIdentity"], "a-thief")
        kubectl("delete", "lease", "trainyard", "-n", SYSTEM)

    def test_another_writer_all_the_time(self):
        self.operator()
        stop, writes = threading.Event(), []

        def annotate():
            with ApiServer(self.plane.folder) as api:
                while not stop.wait(0.05):  # ten times a second for each object: more than any controller does
                    for path in (f"computetargets/{self.cpu}", "trainingruns/fit"):
                        status, _ = api.ask("PATCH", f"/apis/trainyard.dev/v1alpha1/namespaces/{self.ns}/{path}",
                                            {"metadata": {"annotations": {"storm": str(len(writes))}}},
                                            "application/merge-patch+json")
                        if status == 200:
                            writes.append(path)
        storm = threading.Thread(target=annotate)
        storm.start()
        try:
            self.start_training(1)
            self.finish_training()
        finally:
            stop.set()
            storm.join()
        self.assertGreater(len(writes), 20)


if __name__ == "__main__":
    unittest.main()
