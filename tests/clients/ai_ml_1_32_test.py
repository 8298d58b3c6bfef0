"""azure-ai-ml as it was when it still knew the types of outputs that run history tells: it resolves their ids."""

import json
import unittest

from azure.ai.ml import Output

from ai_ml_test import NAMED, Client


class NamedOutputs(Client):
    # Of a datastore's secrets this version takes a SAS and nothing else; who may not read them uses the Entra token.
    options = ("--execute", "--faults", "faults.json")
    files = {"faults.json": json.dumps({"requests": [
        {"operation": "datastores.listSecrets", "status": 403, "times": -1}]}).encode()}

    def test_all_of_a_job_has_its_named_outputs(self):
        (self.source / "named.py").write_text(NAMED)
        job = self.submit("python3 named.py ${{outputs.data}} && python3 named.py ${{outputs.model}} && "
                          "echo one > ${{outputs.file}}",
                          code=str(self.source),
                          outputs={"data": Output(type="uri_folder"), "model": Output(type="custom_model"),
                                   "file": Output(type="uri_file", path="azureml://datastores/workspaceblobstore/"
                                                                        "paths/mine/file.txt")})
        self.wait_for(job, "Completed")
        self.client.jobs.download(job.name, download_path=self.azsim.folder, all=True)
        named = self.azsim.folder / "named-outputs"
        for output in ("data", "model"):
            self.assertEqual((named / output / "deep/weights.txt").read_text(), "weights")
        self.assertEqual((named / "file/file.txt").read_text(), "one\n")
        self.assertTrue((self.azsim.folder / "artifacts/user_logs/std_log.txt").exists())
        for operation in ("data.resolve", "models.resolve"):
            self.assertEqual([one["status"] for one in self.azsim.requests(operation)], [200])


if __name__ == "__main__":
    unittest.main()
