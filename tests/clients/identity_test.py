"""azure-identity signs in at azsim by everything that Trainyard's workspaces may name."""

import base64
import datetime
import json
import os
import unittest
from unittest import mock

import jwt
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (CertificateCredential, ClientSecretCredential, CredentialUnavailableError,
                            DefaultAzureCredential, ManagedIdentityCredential, WorkloadIdentityCredential)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from azsim import CLIENT, SECRET, TENANT, Azsim
from public_names import azure

SCOPE = "https://ml.azure.com/.default"
ISSUER = "https://kubernetes.example/cluster"
SUBJECT = "system:serviceaccount:trainyard:trainyard"


def claims_of(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trainyard")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
                   .sign(key, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


class SignIn(unittest.TestCase):
    def assert_signed_in(self, credential):
        token = credential.get_token(SCOPE)
        claims = claims_of(token.token)
        self.assertEqual((claims["aud"], claims["appid"]), ("https://ml.azure.com", CLIENT))
        self.assertEqual(credential.get_token(SCOPE).token, token.token)  # the client keeps it

    def assert_refused(self, credential, code):
        with self.assertRaisesRegex(ClientAuthenticationError, f"AADSTS{code}:"):
            credential.get_token(SCOPE)


class ClientSecret(SignIn):
    def credential(self, azsim, secret=SECRET, tenant=TENANT):
        return ClientSecretCredential(tenant, CLIENT, secret, authority=azsim.url, disable_instance_discovery=True)

    def test_a_token_is_for_the_scope_that_was_asked(self):
        with Azsim() as azsim:
            self.assert_signed_in(self.credential(azsim))
            self.assertEqual([request["status"] for request in azsim.requests("entra.token")], [200])

    def test_refusals_have_their_codes(self):
        with Azsim() as azsim:
            self.assert_refused(self.credential(azsim, secret="another"), 7000215)

    def test_the_environment_of_a_pod_is_enough(self):
        with Azsim() as azsim, mock.patch.dict(os.environ, AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=CLIENT,
                                               AZURE_CLIENT_SECRET=SECRET, AZURE_AUTHORITY_HOST=azsim.url):
            self.assert_signed_in(DefaultAzureCredential(disable_instance_discovery=True))


class InstanceDiscovery(SignIn):
    """As the client does unasked: whom it does not know by heart, it asks login.microsoftonline.com about."""

    def test_the_public_authority_is_known(self):
        with azure() as (azsim, _):
            self.assert_signed_in(ClientSecretCredential(TENANT, CLIENT, SECRET))
            self.assertEqual(azsim.requests("entra.discovery"), [])

    def test_another_authority_is_asked_about(self):
        with azure() as (azsim, proxy):
            self.assert_signed_in(ClientSecretCredential(TENANT, CLIENT, SECRET, authority=azsim.url))
            self.assertEqual([request["status"] for request in azsim.requests("entra.discovery")], [200])
            self.assertIn("login.microsoftonline.com:443", proxy.hosts)


class ClientCertificate(SignIn):
    def setUp(self):
        self.key = new_key()
        self.certificate = new_certificate(self.key)

    def credential(self, azsim, key=None, certificate=None):
        return CertificateCredential(TENANT, CLIENT, authority=azsim.url, disable_instance_discovery=True,
                                     certificate_data=private_pem(key or self.key) + (certificate or self.certificate))

    def simulator(self):
        return Azsim(files={"client.pem": self.certificate}, options=["--client-certificate", "client.pem"])

    def test_the_registered_one_signs_in(self):
        with self.simulator() as azsim:
            self.assert_signed_in(self.credential(azsim))

    def test_another_one_does_not(self):
        other = new_key()
        with self.simulator() as azsim:
            self.assert_refused(self.credential(azsim, other, new_certificate(other)), 700027)
            self.assert_refused(self.credential(azsim, key=other), 700027)  # the certificate of another's key


class WorkloadIdentity(SignIn):
    def setUp(self):
        self.key = new_key()

    def simulator(self):
        trust = {"issuer": ISSUER, "subject": SUBJECT, "publicKey": public_pem(self.key)}
        return Azsim(files={"trust.json": json.dumps(trust).encode()}, options=["--federated", "trust.json"])

    def credential(self, azsim, key=None, lifetime=3600, **changes):
        now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"], "iat": now - 7200,
                  "nbf": now - 7200, "exp": now + lifetime} | changes
        file = azsim.folder / "token"
        file.write_text(jwt.encode(claims, private_pem(key or self.key), "RS256", headers={"kid": "1"}))
        return WorkloadIdentityCredential(tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file),
                                          authority=azsim.url, disable_instance_discovery=True)

    def test_a_service_account_signs_in(self):
        with self.simulator() as azsim:
            self.assert_signed_in(self.credential(azsim))

    def test_what_does_not_match_is_refused_by_name(self):
        with self.simulator() as azsim:
            self.assert_refused(self.credential(azsim, iss="https://elsewhere.example"), 700211)
            self.assert_refused(self.credential(azsim, aud="https://kubernetes.default.svc"), 700212)
            self.assert_refused(self.credential(azsim, sub="system:serviceaccount:trainyard:default"), 700213)
            self.assert_refused(self.credential(azsim, lifetime=-3600), 700024)
            self.assert_refused(self.credential(azsim, key=new_key()), 700027)


class ManagedIdentity(unittest.TestCase):
    def simulator(self, *options, files=None):
        return Azsim(files=files, options=["--listen-http", "127.0.0.1:0", *options])

    def credential(self, azsim, **identity):
        # Read when a token is asked for, too: it stays until the test's end.
        self.enterContext(mock.patch.dict(os.environ, AZURE_POD_IDENTITY_AUTHORITY_HOST=azsim.http_url()))
        return ManagedIdentityCredential(**identity)

    def test_the_machines_own_and_one_by_its_client_id(self):
        for identity in ({}, {"client_id": CLIENT}):
            with self.subTest(identity), self.simulator() as azsim:
                token = self.credential(azsim, **identity).get_token(SCOPE)
                self.assertEqual(claims_of(token.token)["aud"], "https://ml.azure.com")
                self.assertEqual([request["status"] for request in azsim.requests("imds.token")], [200])

    def test_one_that_is_not_assigned_is_unavailable(self):
        with self.simulator() as azsim, self.assertRaises(CredentialUnavailableError):
            self.credential(azsim, client_id="99999999-9999-9999-9999-999999999999").get_token(SCOPE)

    def test_while_the_endpoint_is_throttled_the_client_asks_again(self):
        faults = json.dumps({"requests": [{"operation": "imds.token", "status": 429}]}).encode()
        with self.simulator("--faults", "faults.json", files={"faults.json": faults}) as azsim:
            self.credential(azsim).get_token(SCOPE)
            self.assertEqual([request["status"] for request in azsim.requests("imds.token")], [429, 200])


if __name__ == "__main__":
    unittest.main()
