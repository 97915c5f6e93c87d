"""The client assertion and the proof of possession, verified here with `cryptography` alone."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from spentkey.adapters.entra.assertions import PROOF_AUDIENCE, UnusableProof, client_assertion, proof_of_possession
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError

NOW = datetime(2026, 3, 1, 12, 0, 0, 987_654, tzinfo=UTC)
OBJECT, CLIENT = "2b2b2b2b-2222-4222-8222-222222222222", "22222222-2222-4222-8222-222222222222"
AUDIENCE = "https://login.microsoftonline.com/t/oauth2/v2.0/token"


@cache
def key(number: int = 0) -> rsa.RSAPrivateKey:
    """An RSA key; the number tells several apart."""
    del number
    return rsa.generate_private_key(65537, 2048)


def certificate(begins: timedelta = -timedelta(days=1), ends: timedelta = timedelta(days=1)) -> x509.Certificate:
    """A certificate of the first key, valid from and to these distances from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sales")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    dated = builder.serial_number(1).not_valid_before(NOW + begins).not_valid_after(NOW + ends)
    return dated.sign(key(), hashes.SHA256())


def decoded(part: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signature, and what was signed."""
    header, claims, signature = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(claims)), decoded(signature), f"{header}.{claims}".encode()


async def proof(**changes: Any) -> str:
    """A proof for the application."""
    given: dict[str, Any] = {"key": key(), "certificate": certificate(), "object_id": OBJECT, "now": NOW, **changes}
    return await proof_of_possession(**given)


async def assertion(**changes: Any) -> str:
    """A client assertion of the application."""
    given: dict[str, Any] = {
        "key": key(),
        "certificate": certificate(),
        "client_id": CLIENT,
        "audience": AUDIENCE,
        "token_id": "j-1",
        "now": NOW,
        **changes,
    }
    return await client_assertion(**given)


async def test_a_proof_says_what_removekey_demands() -> None:
    """Issuer is the object id, the audience is fixed, and it lives for ten minutes from now."""
    _, claims, _, _ = parts(await proof())
    begin = int(NOW.timestamp())
    assert {"aud": PROOF_AUDIENCE, "iss": OBJECT, "nbf": begin, "exp": begin + 600} == claims
    assert PROOF_AUDIENCE == "00000002-0000-0000-c000-000000000000"


async def test_a_proof_is_signed_with_rs256_and_names_its_certificate() -> None:
    """The signature verifies with the certificate's public key; `x5t` is its SHA-1 thumbprint."""
    header, _, signature, signed = parts(await proof())
    thumbprint = certificate().fingerprint(hashes.SHA1())  # noqa: S303  # x5t is defined as SHA-1
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert decoded(header["x5t"]) == thumbprint
    key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


async def test_an_assertion_says_who_signs_in() -> None:
    """Issuer and subject are the client id, the audience is the token endpoint, and it has an id of its own."""
    _, claims, _, _ = parts(await assertion())
    assert (claims["iss"], claims["sub"], claims["aud"], claims["jti"]) == (CLIENT, CLIENT, AUDIENCE, "j-1")
    assert (claims["exp"] - claims["nbf"], claims["iat"]) == (600, claims["nbf"])


async def test_an_assertion_is_signed_with_ps256_and_names_its_certificate() -> None:
    """The signature verifies as RSASSA-PSS; `x5t#S256` is the SHA-256 thumbprint."""
    made = certificate()
    header, _, signature, signed = parts(await assertion(certificate=made))
    assert (header["alg"], decoded(header["x5t#S256"])) == ("PS256", made.fingerprint(hashes.SHA256()))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    key().public_key().verify(signature, signed, pss, hashes.SHA256())


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_changed_token_no_longer_verifies(make: Any) -> None:
    """The check of this file can fail."""
    _, _, signature, signed = parts(await make())
    with pytest.raises(InvalidSignature):
        key().public_key().verify(signature, signed + b"x", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_token_is_base64url_without_padding(make: Any) -> None:
    """Three parts, and no character that an address or a header would change."""
    token = await make()
    assert token.count(".") == 2
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


async def test_a_subject_stands_in_a_proof_only_when_it_is_given() -> None:
    """The seed's script gives one; removeKey needs none."""
    assert "sub" not in parts(await proof())[1]
    assert parts(await proof(subject=CLIENT))[1]["sub"] == CLIENT


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_key_of_another_certificate_signs_nothing(make: Any) -> None:
    """It is found before anybody else sees the token."""
    with pytest.raises(UnusableProof, match="does not belong to the certificate"):
        await make(key=key(1))


@pytest.mark.parametrize("make", [proof, assertion])
@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (-timedelta(days=2), -timedelta(days=1)),
        (timedelta(days=1), timedelta(days=2)),
        (-timedelta(days=1), timedelta(0)),
    ],
)
async def test_a_certificate_that_is_not_valid_now_signs_nothing(make: Any, begins: timedelta, ends: timedelta) -> None:
    """Expired, not yet valid, or ending at this very moment."""
    with pytest.raises(UnusableProof, match="not valid now"):
        await make(certificate=certificate(begins, ends))


@dataclass
class Vaulted:
    """A `KeyInVault`: the key stays here, and what it is asked to sign is noted."""

    number: int = 0
    certificate: x509.Certificate = field(default_factory=certificate)
    name: str = "sales-key"
    asked: list[bytes] = field(default_factory=list[bytes])

    async def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256, as a vault does it."""
        self.asked.append(data)
        used = key(self.number) if self.number else key()
        return used.sign(data, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class Garbling(Vaulted):
    """A vault whose signatures are something else."""

    signature: bytes = b""

    async def sign(self, data: bytes) -> bytes:
        """What was set."""
        del data
        return self.signature


@dataclass
class Failing(Vaulted):
    """A vault that signs nothing."""

    problem: Exception = field(default_factory=lambda: Outage("the vault did not answer"))

    async def sign(self, data: bytes) -> bytes:
        """Say why."""
        del data
        raise self.problem


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_key_that_stays_in_its_vault_signs_with_rs256(make: Any) -> None:
    """Once, over header and claims; the token verifies with the certificate alone."""
    vaulted = Vaulted()
    header, _, signature, signed = parts(await make(key=vaulted))
    assert (header["alg"], header["typ"], vaulted.asked) == ("RS256", "JWT", [signed])
    key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


async def test_a_token_of_a_key_in_a_vault_says_the_same_as_one_of_a_key_at_hand() -> None:
    """Claims and thumbprints do not depend on where the key is; the assertion says how it is signed."""
    made = certificate()
    for make in (proof, assertion):
        header, claims, _, _ = parts(await make(key=Vaulted(), certificate=made))
        at_hand, same, _, _ = parts(await make(certificate=made))
        assert claims == same
        assert {**at_hand, "alg": "RS256"} == header


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_token_of_a_key_in_a_vault_is_base64url_without_padding(make: Any) -> None:
    """Three parts, as any other."""
    token = await make(key=Vaulted())
    assert token.count(".") == 2
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_vault_that_signs_with_another_key_signs_nothing(make: Any) -> None:
    """It is found before anybody else sees the token."""
    with pytest.raises(UnusableProof, match="does not belong to the certificate"):
        await make(key=Vaulted(1))


@pytest.mark.parametrize("signature", [b"", b"\x00" * 256, b"x", b"\xff" * 255, b"=" * 300])
@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_vault_that_answers_no_signature_signs_nothing(make: Any, signature: bytes) -> None:
    """Whatever its length."""
    with pytest.raises(UnusableProof, match="does not belong to the certificate"):
        await make(key=Garbling(signature=signature))


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_vault_that_signs_in_another_way_signs_nothing(make: Any) -> None:
    """RSASSA-PSS in place of PKCS1-v1_5 is another algorithm than the header says."""

    @dataclass
    class Salted(Vaulted):
        async def sign(self, data: bytes) -> bytes:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            return key().sign(data, pss, hashes.SHA256())

    with pytest.raises(UnusableProof):
        await make(key=Salted())


@pytest.mark.parametrize("make", [proof, assertion])
async def test_a_key_in_a_vault_whose_certificate_is_not_valid_now_signs_nothing(make: Any) -> None:
    """The same rule as for a key at hand."""
    with pytest.raises(UnusableProof, match="not valid now"):
        await make(key=Vaulted(), certificate=certificate(-timedelta(days=2), -timedelta(days=1)))


@pytest.mark.parametrize("problem", [Outage("the vault did not answer"), AccessRefused("the vault refuses to sign")])
@pytest.mark.parametrize("make", [proof, assertion])
async def test_what_keeps_a_vault_from_signing_is_passed_on(make: Any, problem: SpentkeyError) -> None:
    """An outage stays an outage: the task waits, and is not handed over for want of a signer."""
    with pytest.raises(type(problem)) as raised:
        await make(key=Failing(problem=problem))
    assert raised.value is problem
