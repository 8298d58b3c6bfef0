"""azure-mgmt-machinelearningservices manages workspaces and computes at azsim: every call about computes."""

import datetime
import unittest

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices import models

from azsim import CLIENT, SECRET, SUBSCRIPTION, TENANT, Azsim

GROUP, WORKSPACE = "trainyard", "demo"
HERE = (GROUP, WORKSPACE)


def cluster(most, **properties):
    scale = models.ScaleSettings(min_node_count=0, max_node_count=most,
                                 node_idle_time_before_scale_down=datetime.timedelta(minutes=2))
    inner = models.AmlComputeProperties(vm_size="Standard_DS3_v2", scale_settings=scale)
    return models.ComputeResource(location="eastus", properties=models.AmlCompute(properties=inner, **properties))


def instance():
    inner = models.ComputeInstanceProperties(vm_size="Standard_DS3_v2")
    return models.ComputeResource(location="eastus", properties=models.ComputeInstance(properties=inner))


class Management(unittest.TestCase):
    def setUp(self):
        self.azsim = self.enterContext(Azsim(["--workspace", f"{GROUP}/{WORKSPACE}"]))
        credential = ClientSecretCredential(TENANT, CLIENT, SECRET, authority=self.azsim.url,
                                            disable_instance_discovery=True)
        self.client = self.enterContext(MachineLearningServicesMgmtClient(
            credential, SUBSCRIPTION, base_url=self.azsim.url, credential_scopes=[self.azsim.url + "/.default"],
            polling_interval=0.2))

    def assert_fails(self, status, code, call, *arguments):
        with self.assertRaises(HttpResponseError) as raised:
            answer = call(*arguments)
            if hasattr(answer, "result"):
                answer.result()
        self.assertEqual(raised.exception.status_code, status)
        self.assertEqual(raised.exception.error.code if raised.exception.error else "", code)

    def make(self, name, body):
        return self.client.compute.begin_create_or_update(*HERE, name, body).result()


class Clusters(Management):
    def test_a_cluster_from_its_creation_to_its_end(self):
        compute = self.client.compute
        made = self.make("gpu", cluster(2, description="for tests"))
        self.assertEqual((made.name, made.properties.compute_type, made.properties.provisioning_state),
                         ("gpu", "AmlCompute", "Succeeded"))
        self.assertEqual(made.properties.description, "for tests")
        self.assertEqual([one.name for one in compute.list(*HERE)], ["gpu"])

        self.make("gpu", cluster(3))
        change = models.ClusterUpdateParameters(properties=models.ScaleSettingsInformation(
            scale_settings=models.ScaleSettings(min_node_count=1, max_node_count=4)))
        compute.begin_update(*HERE, "gpu", change).result()
        self.assertEqual(compute.get(*HERE, "gpu").properties.properties.scale_settings.max_node_count, 4)

        self.assertLessEqual(len(list(compute.list_nodes(*HERE, "gpu"))), 4)
        compute.begin_delete(*HERE, "gpu", underlying_resource_action="Delete").result()
        self.assertEqual(list(compute.list(*HERE)), [])
        with self.assertRaises(ResourceNotFoundError):
            compute.get(*HERE, "gpu")

    def test_what_a_cluster_cannot_do_is_refused(self):
        compute = self.client.compute
        self.make("gpu", cluster(1))
        for call in (compute.begin_start, compute.begin_stop, compute.begin_restart, compute.list_keys):
            with self.subTest(call.__name__):
                self.assert_fails(400, "UserError", call, *HERE, "gpu")

    def test_a_size_that_is_not_offered_fails_with_the_operation(self):
        body = cluster(1)
        body.properties.properties.vm_size = "Standard_B2s"
        with self.assertRaisesRegex(HttpResponseError, "Standard_B2s"):
            self.make("gpu", body)
        failed = self.client.compute.get(*HERE, "gpu").properties
        self.assertEqual(failed.provisioning_state, "Failed")
        self.assertEqual(failed.provisioning_errors[0].error.code, "InvalidPropertyValue")


class Instances(Management):
    def state(self):
        return self.client.compute.get(*HERE, "notebook").properties.properties.state

    def test_an_instance_is_stopped_started_and_restarted(self):
        compute = self.client.compute
        self.make("notebook", instance())
        self.assertEqual(self.state(), "Running")
        self.assert_fails(400, "StartComputeInstanceOnlyAllowedInStoppedState", compute.begin_start, *HERE, "notebook")
        compute.begin_stop(*HERE, "notebook").result()
        self.assertEqual(self.state(), "Stopped")
        compute.begin_start(*HERE, "notebook").result()
        self.assertEqual(self.state(), "Running")
        compute.begin_restart(*HERE, "notebook").result()
        self.assertEqual(self.state(), "Running")
        self.assert_fails(400, "UserError", lambda *at: list(compute.list_nodes(*at)), *HERE, "notebook")


class Attached(Management):
    def test_keys_are_given_to_who_asks_for_them_and_in_no_other_answer(self):
        compute = self.client.compute
        target = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Databricks/workspaces/bricks"
        inner = models.DatabricksProperties(databricks_access_token="a-token", workspace_url="https://bricks.example")
        made = self.make("bricks", models.ComputeResource(
            location="eastus", properties=models.Databricks(resource_id=target, properties=inner)))
        self.assertTrue(made.properties.is_attached_compute)
        self.assertIsNone(made.properties.properties.databricks_access_token)
        self.assertEqual(compute.list_keys(*HERE, "bricks").databricks_access_token, "a-token")
        compute.begin_delete(*HERE, "bricks", underlying_resource_action="Detach").result()
        self.assertEqual(list(compute.list(*HERE)), [])


class Workspaces(Management):
    def test_a_workspace_from_its_creation_to_its_end(self):
        workspaces = self.client.workspaces
        near = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/"
        body = models.Workspace(
            location="eastus", identity=models.ManagedServiceIdentity(type="SystemAssigned"), friendly_name="Second",
            storage_account=near + "Microsoft.Storage/storageAccounts/second",
            key_vault=near + "Microsoft.KeyVault/vaults/second",
            application_insights=near + "Microsoft.Insights/components/second")
        made = workspaces.begin_create_or_update(GROUP, "second", body).result()
        self.assertEqual((made.name, made.friendly_name, made.provisioning_state), ("second", "Second", "Succeeded"))
        self.assertEqual({one.name for one in workspaces.list_by_resource_group(GROUP)}, {WORKSPACE, "second"})
        self.assertEqual({one.name for one in workspaces.list_by_subscription()}, {WORKSPACE, "second"})

        workspaces.begin_update(GROUP, "second", models.WorkspaceUpdateParameters(
            tags={"team": "blue"}, friendly_name="Two")).result()
        changed = workspaces.get(GROUP, "second")
        self.assertEqual((changed.friendly_name, changed.tags), ("Two", {"team": "blue"}))

        keys = workspaces.list_keys(GROUP, "second")
        self.assertEqual(keys.user_storage_key, workspaces.list_storage_account_keys(GROUP, "second").user_storage_key)
        self.assertEqual(keys.notebook_access_keys.primary_access_key,
                         workspaces.list_notebook_keys(GROUP, "second").primary_access_key)
        workspaces.begin_resync_keys(GROUP, "second").result()

        workspaces.begin_delete(GROUP, "second").result()
        self.assert_fails(404, "ResourceNotFound", workspaces.get, GROUP, "second")


class Capacity(Management):
    def test_sizes_usages_and_quotas_of_a_region(self):
        sizes = self.client.virtual_machine_sizes.list("eastus").value
        self.assertIn(("Standard_DS3_v2", 4), {(size.name, size.v_cp_us) for size in sizes})
        self.assertIn("AmlCompute", sizes[0].supported_compute_types)

        def clusters():
            return {one.name.value: one.current_value for one in self.client.usages.list("eastus")}["Clusters"]

        self.assertEqual(clusters(), 0)
        self.make("gpu", cluster(1))
        self.assertEqual(clusters(), 1)

        families = {one.name.value: one for one in self.client.quotas.list("eastus")}
        row = families["Standard DSv2 Family Cluster Dedicated vCPUs"]
        asked = models.QuotaUpdateParameters(value=[models.QuotaBaseProperties(
            id=row.id, type=row.type, limit=row.limit + 1, unit="Count")])
        self.assertEqual(self.client.quotas.update("eastus", asked).value[0].status,
                         "InvalidQuotaExceedsSubscriptionLimit")


if __name__ == "__main__":
    unittest.main()
