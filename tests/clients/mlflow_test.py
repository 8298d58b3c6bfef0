"""MLflow logs to a workspace and reads back: with azureml-mlflow as its plugin, and by itself over HTTPS."""

import math
import os
import unittest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when mlflow is imported

import mlflow
from azure.identity import ClientSecretCredential
from mlflow.exceptions import MlflowException

from azsim import CLIENT, SECRET, SUBSCRIPTION, TENANT, Azsim
from public_names import azure

WORKSPACE = (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/trainyard/providers/"
             "Microsoft.MachineLearningServices/workspaces/demo")


class Tracking:
    """What both ways of tracking must do."""

    def setUp(self):
        mlflow.set_tracking_uri(self.tracking_uri())
        mlflow.set_experiment("trials")
        self.client = mlflow.MlflowClient()
        with mlflow.start_run(run_name="first") as run:
            mlflow.log_params({"rate": 0.1, "layers": 3})
            for step, loss in enumerate((1.0, 0.5, 0.25)):
                mlflow.log_metric("loss", loss, step=step)
            mlflow.log_metrics({"accuracy": 0.9, "gradient": math.nan})
            mlflow.set_tag("team", "red")
            self.log_more()
        self.run = run.info.run_id

    def log_more(self):
        pass

    def found(self, condition, **more):
        runs = mlflow.search_runs(experiment_names=["trials"], filter_string=condition, output_format="list", **more)
        return [run.info.run_name for run in runs]

    def test_a_run_is_read_back(self):
        run = self.client.get_run(self.run)
        self.assertEqual((run.info.run_name, run.info.status), ("first", "FINISHED"))
        self.assertEqual(run.data.params, {"rate": "0.1", "layers": "3"})
        self.assertEqual((run.data.metrics["loss"], run.data.metrics["accuracy"]), (0.25, 0.9))
        self.assertTrue(math.isnan(run.data.metrics["gradient"]))
        self.assertEqual(run.data.tags["team"], "red")
        history = self.client.get_metric_history(self.run, "loss")
        self.assertEqual([(point.step, point.value) for point in history], [(0, 1.0), (1, 0.5), (2, 0.25)])

    def test_a_parameter_is_written_once(self):
        with self.assertRaisesRegex(MlflowException, "Changing param values is not allowed"):
            self.client.log_param(self.run, "rate", "0.2")

    def test_runs_are_found(self):
        with mlflow.start_run(run_name="second"):
            mlflow.log_metric("loss", 0.75)
        self.assertEqual(self.found("metrics.loss < 0.5 and params.rate = '0.1' and tags.team = 'red'"), ["first"])
        self.assertEqual(self.found("metrics.loss < 0.1"), [])
        self.assertEqual(self.found("", order_by=["metrics.loss DESC"]), ["second", "first"])
        self.assertEqual([one.name for one in mlflow.search_experiments()], ["trials"])
        self.client.delete_run(self.run)
        self.assertEqual(self.found(""), ["second"])


class Workspace(Tracking, unittest.TestCase):
    def tracking_uri(self):
        self.azsim, _ = self.enterContext(azure("--workspace", "trainyard/demo"))
        return "azureml://eastus.api.azureml.ms/mlflow/v1.0" + WORKSPACE

    def log_more(self):
        mlflow.log_text("weights", "model/weights.txt")
        mlflow.log_dict({"seed": 7}, "settings.json")

    def listed(self, path=None):
        return [(one.path, one.is_dir) for one in self.client.list_artifacts(self.run, path)]

    def test_artifacts_are_listed_and_downloaded(self):
        self.assertEqual(self.listed(), [("model", True), ("settings.json", False)])
        self.assertEqual(self.listed("model"), [("model/weights.txt", False)])
        folder = mlflow.artifacts.download_artifacts(run_id=self.run, artifact_path="model", dst_path=self.azsim.folder)
        with open(os.path.join(folder, "weights.txt")) as file:
            self.assertEqual(file.read(), "weights")

    def test_a_registered_model_from_its_creation_to_its_end(self):
        client = self.client
        client.create_registered_model("digits", tags={"team": "red"}, description="first words")
        source = client.get_run(self.run).info.artifact_uri + "/model"
        made = client.create_model_version("digits", source, self.run)
        self.assertEqual((made.version, made.run_id, made.current_stage), ("1", self.run, "None"))
        folder = mlflow.artifacts.download_artifacts("models:/digits/1", dst_path=self.azsim.folder)
        self.assertEqual(os.listdir(folder), ["weights.txt"])

        client.update_model_version("digits", "1", "better words")
        client.set_model_version_tag("digits", "1", "reviewed", "yes")
        client.set_model_version_tag("digits", "1", "draft", "yes")
        client.delete_model_version_tag("digits", "1", "draft")
        client.transition_model_version_stage("digits", "1", "Production")
        changed = client.get_model_version("digits", "1")
        self.assertEqual((changed.description, changed.tags, changed.current_stage, changed.source),
                         ("better words", {"reviewed": "yes"}, "Production", source))
        self.assertEqual([one.version for one in client.search_model_versions("name='digits'")], ["1"])

        client.update_registered_model("digits", description="last words")
        client.set_registered_model_tag("digits", "team", "blue")
        model = client.get_registered_model("digits")
        self.assertEqual((model.description, model.tags), ("last words", {"team": "blue"}))
        client.delete_model_version("digits", "1")
        self.assertEqual(client.search_model_versions("name='digits'"), [])
        client.delete_registered_model("digits")
        self.assertEqual([one.name for one in client.search_registered_models()], [])


class Plain(Tracking, unittest.TestCase):
    """MLflow alone, which takes a token from its environment."""

    def tracking_uri(self):
        azsim = self.enterContext(Azsim(["--workspace", "trainyard/demo"]))
        credential = ClientSecretCredential(TENANT, CLIENT, SECRET, authority=azsim.url,
                                            disable_instance_discovery=True)
        os.environ["MLFLOW_TRACKING_TOKEN"] = credential.get_token(azsim.url + "/.default").token  # until azsim ends
        return azsim.url + "/mlflow/v2.0" + WORKSPACE


if __name__ == "__main__":
    unittest.main()
