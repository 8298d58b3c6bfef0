"""azure-identity signs in at azsim by everything that Trainyard's workspaces may name."""

import base64
import json
import unittest

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from azsim import CLIENT, SECRET, TENANT, Azsim


def claims_of(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


class ClientSecret(unittest.TestCase):
    def test_a_token_is_for_the_scope_that_was_asked(self):
        with Azsim() as azsim:
            credential = ClientSecretCredential(TENANT, CLIENT, SECRET, authority=azsim.url,
                                                disable_instance_discovery=True)
            token = credential.get_token("https://ml.azure.com/.default")
            self.assertEqual(claims_of(token.token)["aud"], "https://ml.azure.com")
            self.assertEqual(claims_of(token.token)["appid"], CLIENT)
            self.assertEqual(credential.get_token("https://ml.azure.com/.default").token, token.token)
            self.assertEqual([request["status"] for request in azsim.requests("entra.token")], [200])

    def test_a_wrong_secret_is_told_by_its_code(self):
        with Azsim() as azsim:
            credential = ClientSecretCredential(TENANT, CLIENT, "another", authority=azsim.url,
                                                disable_instance_discovery=True)
            with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS7000215"):
                credential.get_token("https://ml.azure.com/.default")


if __name__ == "__main__":
    unittest.main()
