"""azure-ai-ml (MLClient), told nothing but its credential, works with what it takes for Azure."""

import contextlib
import io
import os
import time
import unittest
import urllib.parse
from unittest import mock

from azure.ai.ml import MLClient, Output, command
from azure.ai.ml.entities import AmlCompute, Data
from azure.ai.ml.exceptions import JobException
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential

from azsim import SUBSCRIPTION, Azsim
from connect_proxy import ConnectProxy
from public_names import AS_THE_APPLICATION, azure

GROUP, WORKSPACE = "trainyard", "demo"
ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/versions/1"
SCRIPT = """
import pathlib, sys
print("trained with", sys.argv[1])
pathlib.Path("outputs/model").mkdir(parents=True)
pathlib.Path("outputs/model/weights.txt").write_text("weights")
"""
NAMED = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "deep"
folder.mkdir()
(folder / "weights.txt").write_text("weights")
"""


class Client(unittest.TestCase):
    options = ()
    files = None

    def setUp(self):
        self.azsim, self.proxy = self.enterContext(
            azure("--workspace", f"{GROUP}/{WORKSPACE}", *self.options, files=self.files))
        self.source = self.azsim.folder / "source"
        self.source.mkdir()
        (self.source / "train.py").write_text(SCRIPT)
        self.client = MLClient(DefaultAzureCredential(), SUBSCRIPTION, GROUP, WORKSPACE, enable_telemetry=False,
                               polling_interval=0.5)

    def submit(self, line, **more):
        return self.client.jobs.create_or_update(
            command(command=line, environment=ENVIRONMENT, experiment_name="trials", **more))

    def make_cluster(self):
        return self.client.compute.begin_create_or_update(
            AmlCompute(name="cpu", size="Standard_DS3_v2", max_instances=2)).result()

    def wait_for(self, job, status):
        end = time.monotonic() + 120
        while self.client.jobs.get(job.name).status != status and time.monotonic() < end:
            time.sleep(0.1)

    def streamed(self, job):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            self.client.jobs.stream(job.name)
        return output.getvalue()


class Computes(Client):
    def test_a_cluster_from_its_creation_to_its_end(self):
        made = self.make_cluster()
        self.assertEqual((made.name, made.provisioning_state, made.max_instances), ("cpu", "Succeeded", 2))
        self.assertEqual([one.name for one in self.client.compute.list()], ["cpu"])
        self.client.compute.begin_delete("cpu").result()
        with self.assertRaises(ResourceNotFoundError):
            self.client.compute.get("cpu")


class Jobs(Client):
    options = ("--execute",)

    def test_a_job_is_submitted_streamed_downloaded_and_listed(self):
        self.make_cluster()
        job = self.submit("python3 train.py ${{inputs.rate}}", code=str(self.source), compute="cpu",
                          inputs={"rate": 0.1}, tags={"team": "red"})
        output = self.streamed(job)
        self.assertIn("Streaming user_logs/std_log.txt", output)
        self.assertIn("trained with 0.1", output)

        ended = self.client.jobs.get(job.name)
        self.assertEqual((ended.status, ended.compute, ended.tags["team"]), ("Completed", "cpu", "red"))
        self.client.jobs.download(job.name, download_path=self.azsim.folder, all=True)
        artifacts = self.azsim.folder / "artifacts"
        self.assertEqual((artifacts / "outputs/model/weights.txt").read_text(), "weights")
        self.assertEqual((artifacts / "user_logs/std_log.txt").read_text(), "trained with 0.1\n")
        self.assertEqual([one.name for one in self.client.jobs.list()], [job.name])
        self.assertEqual(
            self.proxy.hosts,
            {"login.microsoftonline.com:443", "management.azure.com:443", "eastus.api.azureml.ms:443",
             f"{self.account()}.blob.core.windows.net:443"})

    def test_a_named_output_is_downloaded(self):
        (self.source / "named.py").write_text(NAMED)
        job = self.submit("python3 named.py ${{outputs.model}}", code=str(self.source),
                          outputs={"model": Output(type="uri_folder")})
        self.streamed(job)
        self.client.jobs.download(job.name, download_path=self.azsim.folder, output_name="model")
        self.assertEqual((self.azsim.folder / "named-outputs/model/deep/weights.txt").read_text(), "weights")
        made = self.client.data.get(f"azureml_{job.name}_output_data_model", version="1")
        self.assertTrue(made.path.endswith(f"/datastores/workspaceblobstore/paths/azureml/{job.name}/model/"))

    def account(self):
        return self.client.datastores.get("workspaceblobstore").account_name

    def test_a_snapshot_that_is_there_is_not_uploaded_again(self):
        first, second = [self.submit("python3 train.py 1", code=str(self.source)) for _ in range(2)]
        self.assertEqual(first.code, second.code)
        self.assertEqual(len([one for one in self.azsim.requests("blobs.put") if one["status"] == 201]), 1)

    def test_a_running_job_is_canceled(self):
        job = self.submit("sleep 600")
        self.wait_for(job, "Running")
        self.client.jobs.begin_cancel(job.name).result()
        self.assertEqual(self.client.jobs.get(job.name).status, "Canceled")

    def test_a_job_that_fails_says_why(self):
        with self.assertRaisesRegex(JobException, "exited with status code 3"):
            self.streamed(self.submit("exit 3"))


class Lists(Client):
    def test_a_list_of_jobs_goes_on_over_its_pages(self):
        names = [self.submit("true").name for _ in range(101)]
        self.assertEqual([one.name for one in self.client.jobs.list()], names[::-1])
        self.assertEqual(len(self.azsim.requests("jobs.list")), 2)


class DataAssets(Client):
    def test_a_file_is_uploaded_with_the_key_of_the_account(self):
        (self.source / "large.bin").write_bytes(bytes(range(256)) * 1024)
        for version in ("1", "2"):  # the second one finds the files there
            made = self.client.data.create_or_update(
                Data(name="digits", version=version, path=str(self.source), type="uri_folder"))
        self.assertIn("/datastores/workspaceblobstore/paths/LocalUpload/", made.path)
        self.assertEqual(self.client.data.get("digits", label="latest").version, "2")
        self.assertEqual(len([one for one in self.azsim.requests("blobs.put") if one["status"] == 201]), 2)
        self.assertEqual(len(self.azsim.requests("datastores.listSecrets")), 2)


class AnotherCloud(unittest.TestCase):
    """Azsim under its own name: the client learns its endpoints from Resource Manager's metadata. Only the hosts of
    storage accounts, below localhost, need the proxy: no resolver knows them."""

    def setUp(self):
        self.azsim = self.enterContext(Azsim(["--workspace", f"{GROUP}/{WORKSPACE}", "--execute"]))
        port = urllib.parse.urlsplit(self.azsim.url).port
        self.proxy = self.enterContext(ConnectProxy(port))
        # The client keeps the cloud that it found in the environment, which is as before at the end.
        self.enterContext(mock.patch.dict(
            os.environ, AS_THE_APPLICATION, AZURE_AUTHORITY_HOST=self.azsim.url,
            ARM_CLOUD_METADATA_URL=f"{self.azsim.url}/metadata/endpoints?api-version=2019-05-01"))
        self.client = MLClient(DefaultAzureCredential(disable_instance_discovery=True), SUBSCRIPTION, GROUP, WORKSPACE,
                               enable_telemetry=False, polling_interval=0.5)

    def test_a_job_and_its_files(self):
        source = self.azsim.folder / "source"
        source.mkdir()
        (source / "train.py").write_text(SCRIPT)
        job = self.client.jobs.create_or_update(
            command(command="python3 train.py 1", code=str(source), environment=ENVIRONMENT))
        with contextlib.redirect_stdout(io.StringIO()):
            self.client.jobs.stream(job.name)
        self.client.jobs.download(job.name, download_path=self.azsim.folder)
        self.assertEqual((self.azsim.folder / "artifacts/outputs/model/weights.txt").read_text(), "weights")
        self.assertIn(200, [one["status"] for one in self.azsim.requests("clouds.endpoints")])
        port = urllib.parse.urlsplit(self.azsim.url).port
        account = self.client.datastores.get("workspaceblobstore").account_name
        self.assertEqual(self.proxy.hosts, {f"localhost:{port}", f"{account}.blob.core.localhost:{port}"})


if __name__ == "__main__":
    unittest.main()
