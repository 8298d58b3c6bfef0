"""What users do, as the simulated world plays it (tests/sim), on a real API server."""

import signal
import unittest

from operator_world import OperatorTest, condition, get, wait_until

UNTIL_TOLD = "import time\nwhile True: time.sleep(0.1)"  # nothing but a cancel ends it


class Scenarios(OperatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        running = cls.start_operator()
        cls.addClassCleanup(lambda: running.stop(signal.SIGKILL))

    def start(self, script, **spec):
        """Everything declared, and a job of it submitted."""
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(script), self.run_of(**spec))
        wait_until("a job", self.jobs)

    def jobs(self):
        """Names of those that were made, in that order; the reason of a cancel is a PUT too."""
        puts = self.azsim.requests("jobs.put")[self.before["jobs.put"]:]
        return list(dict.fromkeys(one["path"].split("/")[-1] for one in puts))

    def status(self):
        return get("trainingrun", "fit", self.ns)["status"]

    def outcomes(self):
        """Of the attempts that have ended, oldest first: outcome and reason."""
        return [(one["outcome"], one.get("reason")) for one in self.status().get("history", []) if one.get("outcome")]

    def test_an_edit_ends_what_runs_before_the_next_begins(self):
        self.start(UNTIL_TOLD)
        self.apply(self.source())
        self.wait_ready("trainingrun/fit")
        self.assertEqual(self.outcomes()[0], ("Canceled", "Superseded"))
        self.assertEqual(len(self.jobs()), 2)

    def test_a_run_that_fails_is_tried_again_as_often_as_it_says(self):
        self.start("raise SystemExit(3)", retry={"limit": 1, "onFailure": ["UserCode"]})
        wait_until("its end", lambda: condition(get("trainingrun", "fit", self.ns), "Stalled").get("reason") == "Failed")
        self.assertEqual(len(self.jobs()), 2)
        self.assertEqual(self.status()["attempt"], 1)

    def test_a_run_is_suspended_and_goes_on(self):
        self.start(UNTIL_TOLD)
        self.apply(self.run_of(suspend=True))
        wait_until("the phase", lambda: self.status()["phase"] == "Suspended")
        self.assertEqual(self.outcomes()[0], ("Canceled", "Suspended"))
        self.assertEqual(len(self.jobs()), 1)
        self.apply(self.run_of())
        wait_until("another job", lambda: len(self.jobs()) == 2)

    def test_a_run_moves_to_another_target(self):
        self.start(UNTIL_TOLD)
        other = self.cluster()
        other["metadata"]["name"] = self.cpu + "-b"
        self.apply(other, self.run_of(computeTarget=other["metadata"]["name"]))
        wait_until("a job there", lambda: len(self.jobs()) == 2)
        wait_until("the end of the first", lambda: self.outcomes()[:1] == [("Canceled", "Superseded")])
        wait_until("where it is", lambda: other["metadata"]["name"] in self.status()["compute"])

    def test_a_compute_that_is_there_is_used_and_left(self):
        self.apply(self.secret(), self.workspace(), self.cluster())
        self.wait_ready("computetarget/" + self.cpu)
        twin = self.cluster(maxNodes=3)
        twin["metadata"]["name"] = "twin"
        twin["spec"] |= {"name": self.cpu, "driftPolicy": "Report"}
        self.apply(twin)
        self.wait_ready("computetarget/twin")
        status = get("computetarget", "twin", self.ns)["status"]
        self.assertEqual(status["origin"], "Adopted")
        self.assertEqual([one["field"] for one in status["drift"]], ["spec.amlCompute.create.maxNodes"])
        self.assertEqual(self.writes("computes.put"), 1)

    def test_everything_in_one_apply_in_any_order(self):
        self.apply(self.run_of(), self.cluster(), self.source(), self.workspace(), self.secret())
        self.wait_ready("trainingrun/fit")
        self.assertEqual((self.writes("computes.put"), len(self.jobs())), (1, 1))


if __name__ == "__main__":
    unittest.main()
