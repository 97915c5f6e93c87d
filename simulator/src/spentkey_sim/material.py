"""Keys, certificates and PFX bytes for the certificates that a world names.

Keys live in memory only and are made when first needed, because a 2048-bit RSA key takes a noticeable moment. They
are kept by name for the life of the process, so that a reset to another world stays quick.
"""

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from spentkey_sim.model import CertificateSpec, PfxContent, World

WINDOWS_ROUNDS = 2000
"""Key-derivation rounds in the PFX files that Windows exports."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def private_key(world: World, name: str) -> PrivateKey:
    """The private key behind the certificate of that name."""
    return _key(name, world.certificates[name].key)


def certificate(world: World, name: str) -> x509.Certificate:
    """The certificate of that name, self-signed."""
    return _certificate(name, world.certificates[name])


def pfx_bytes(world: World, name: str, password: str) -> bytes:
    """A PFX with key and certificate; an empty password leaves it unencrypted."""
    return _pfx(name, world.certificates[name], password)


def document_bytes(world: World, content: PfxContent | bytes) -> bytes:
    """The bytes of a document of the vault."""
    return content if isinstance(content, bytes) else pfx_bytes(world, content.certificate, content.password)


@lru_cache(maxsize=256)
def token_key(seed: int) -> rsa.RSAPrivateKey:
    """The key that signs the access tokens of a world."""
    del seed
    return rsa.generate_private_key(65537, 2048)


@lru_cache(maxsize=256)
def issuer_key(seed: int) -> rsa.RSAPrivateKey:
    """The key of whoever issues the tokens of federated credentials in a world."""
    del seed
    return rsa.generate_private_key(65537, 2048)


@lru_cache(maxsize=1024)
def _key(name: str, kind: str) -> PrivateKey:
    del name
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec-p256" else rsa.generate_private_key(65537, 2048)


@lru_cache(maxsize=1024)
def _certificate(name: str, spec: CertificateSpec) -> x509.Certificate:
    if spec.der is not None:
        return x509.load_der_x509_certificate(spec.der)
    key = _key(name, spec.key)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spec.subject.removeprefix("CN="))])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(spec.not_before)
        .not_valid_after(spec.not_after)
        .sign(key, hashes.SHA256())
    )


def _as_windows_writes(password: str) -> KeySerializationEncryption:
    """AES-256 with SHA-256 and 2,000 rounds: `Export-PfxCertificate -CryptoAlgorithmOption AES256_SHA256`."""
    rounds = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(WINDOWS_ROUNDS)
    scheme = rounds.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
    return scheme.hmac_hash(hashes.SHA256()).build(password.encode())


@lru_cache(maxsize=1024)
def _pfx(name: str, spec: CertificateSpec, password: str) -> bytes:
    encryption = _as_windows_writes(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        name.encode(), _key(name, spec.key), _certificate(name, spec), None, encryption
    )
