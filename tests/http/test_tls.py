"""Whom TLS believes, and which proxy is used."""

import ssl
import warnings
from codecs import BOM_UTF8
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from support_core import NOW

from spentkey.core.errors import Misconfigured
from spentkey.http.tls import machine_store, proxy_for, trust

OTHER_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)
PROXY = "http://proxy.example.org:8080"


def authority(path: Path, name: str) -> Path:
    """A file with a certificate authority of that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=36500))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    signs = dict.fromkeys(("key_cert_sign", "crl_sign"), True) | dict.fromkeys(OTHER_USES, False)
    signed = builder.add_extension(x509.KeyUsage(**signs), critical=True).sign(key, hashes.SHA256())
    path.write_bytes(signed.public_bytes(Encoding.PEM))
    return path


def believed(context: ssl.SSLContext) -> set[str]:
    """The names of the authorities that are loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the machine's store holds authorities with odd serial numbers
        loaded = [x509.load_der_x509_certificate(one) for one in context.get_ca_certs(binary_form=True)]
        return {one.subject.rfc4514_string() for one in loaded}


def test_only_the_configured_authority_is_believed(tmp_path: Path) -> None:
    """Not the machine's store beside it."""
    context = trust(authority(tmp_path / "ca.pem", "House CA"))
    assert believed(context) == {"CN=House CA"}


def test_the_machines_store_is_believed_without_a_configured_file() -> None:
    """As many authorities as it has, none of ours."""
    file, folder = machine_store()
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file or folder:
        expected.load_verify_locations(cafile=file, capath=folder)
    assert believed(trust(None)) == believed(expected)


@pytest.mark.parametrize("configured", [True, False])
def test_no_variable_of_the_environment_adds_an_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    """Whoever sets SSL_CERT_FILE and its kin does not choose whom we believe."""
    stranger = authority(tmp_path / "stranger.pem", "Stranger CA")
    ours = authority(tmp_path / "ca.pem", "House CA") if configured else None
    before = believed(trust(ours))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(stranger))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert believed(trust(ours)) == before
    assert "CN=Stranger CA" not in before


@pytest.mark.parametrize("configured", [True, False])
def test_verification_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: bool) -> None:
    """Certificates and names are checked, from TLS 1.2 on, whatever the environment says."""
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    context = trust(authority(tmp_path / "ca.pem", "House CA") if configured else None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("content", [b"", b"text", b"\x00\xff" * 50, b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_that_is_no_authority_is_a_configuration_error(tmp_path: Path, content: bytes) -> None:
    """One line that names the file."""
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"tls: the CA file .*ca\.pem cannot be used"):
        trust(tmp_path / "ca.pem")


@pytest.mark.parametrize("name", ["missing.pem", ".", "a\x00b"])
def test_a_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path, name: str) -> None:
    """Missing, a folder, or no possible name."""
    with pytest.raises(Misconfigured, match="tls: the CA file"):
        trust(tmp_path / name)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with a proxy for HTTPS and nothing else about proxies."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    return monkeypatch


def test_the_proxy_of_the_environment_is_used(proxied: pytest.MonkeyPatch) -> None:
    """For any host that NO_PROXY does not list."""
    proxied.setenv("NO_PROXY", "other.example.org,.internal")
    assert proxy_for("https://graph.microsoft.com") == PROXY


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("itsm.example.org", "https://itsm.example.org/HEAT"),
        ("a.org, itsm.example.org ,b.org", "https://itsm.example.org/HEAT"),
        (".example.org", "https://itsm.example.org/HEAT"),
        ("example.org", "https://itsm.example.org:8443"),
        ("itsm.example.org:8443", "https://itsm.example.org:8443"),
        ("127.0.0.1", "https://127.0.0.1:40123/x"),
        ("*", "https://graph.microsoft.com"),
    ],
)
def test_hosts_on_no_proxy_are_reached_directly(proxied: pytest.MonkeyPatch, listed: str, url: str) -> None:
    """By name, by domain, with a port, or all."""
    proxied.setenv("NO_PROXY", listed)
    assert proxy_for(url) is None


@pytest.mark.parametrize("listed", ["", "ample.org", "itsm.example.org.evil.org", "itsm.example.org:9999"])
def test_other_hosts_are_not(proxied: pytest.MonkeyPatch, listed: str) -> None:
    """A part of a name is not the name."""
    proxied.setenv("NO_PROXY", listed)
    assert proxy_for("https://itsm.example.org/HEAT") == PROXY


def test_without_a_proxy_there_is_none(proxied: pytest.MonkeyPatch) -> None:
    """One for plain HTTP does not count: nothing of ours is plain."""
    proxied.delenv("HTTPS_PROXY")
    proxied.setenv("HTTP_PROXY", PROXY)
    assert proxy_for("https://graph.microsoft.com") is None


def test_a_byte_order_mark_before_an_authority_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    file = authority(tmp_path / "ca.pem", "House CA")
    file.write_bytes(BOM_UTF8 + b"# our authority\r\n" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert believed(trust(file)) == {"CN=House CA"}


def der(path: Path) -> bytes:
    """An authority as Windows exports it."""
    return x509.load_pem_x509_certificate(authority(path, "House CA").read_bytes()).public_bytes(Encoding.DER)


INSTEAD: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "DER": (der, "openssl x509 -inform der"),
    "nothing": (lambda _: b"", "it is empty"),
    "blanks": (lambda _: b" \r\n", "it is empty"),
    "UTF-16": (lambda path: authority(path, "House CA").read_text().encode("utf-16"), "UTF-16"),
    "PKCS #7": (lambda _: b"-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n", "openssl pkcs7"),
    "a key": (lambda _: b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "a private key"),
    "a page": (lambda _: b"<html>", "no certificate in PEM"),
}


@pytest.mark.parametrize("scenario", INSTEAD)
def test_what_is_given_in_place_of_pem_is_told_with_what_mends_it(tmp_path: Path, scenario: str) -> None:
    """One line that names the file and nothing of what it holds."""
    make, words = INSTEAD[scenario]
    content = make(tmp_path / "made.pem")
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    with pytest.raises(Misconfigured) as refused:
        trust(file)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(file) in str(refused.value)


def proxies(monkeypatch: pytest.MonkeyPatch, proxy: str, spared: str = "") -> None:
    """An environment with these and no others."""
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", spared)


@pytest.mark.parametrize(
    "proxy",
    [
        "127.0.0.1:9",
        "proxy.example.org:3128",
        "proxy",
        "socks5://127.0.0.1:9",
        "http://",
        "http://proxy:99999",
        "//proxy:1",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_by_its_name(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Without its scheme, or of another kind; the value may hold a password and is not repeated."""
    proxies(monkeypatch, proxy.replace("//127", "//user:canary@127"))
    with pytest.raises(Misconfigured, match=r"^HTTPS_PROXY: must be an address with its scheme") as refused:
        proxy_for("https://graph.example.org")
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("proxy", [PROXY, "https://127.0.0.1:9", "http://user:secret@proxy:3128"])
def test_a_proxy_with_its_scheme_is_used(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """As it stands."""
    proxies(monkeypatch, proxy)
    assert proxy_for("https://graph.example.org") == proxy


@pytest.mark.parametrize(
    ("spared", "host", "direct"),
    [
        ("*.example.org", "itsm.example.org", True),
        ("*.EXAMPLE.org", "a.b.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "badexample.org", False),
        ("10.0.0.0/8, localhost", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "itsm.example.org", False),
        ("fd00::/8", "[fd00::1]", True),
        ("*", "itsm.example.org", True),
        (".example.org", "itsm.example.org", True),
        ("", "itsm.example.org", False),
    ],
)
def test_no_proxy_may_name_networks_and_wildcards(
    monkeypatch: pytest.MonkeyPatch, spared: str, host: str, direct: bool
) -> None:
    """A network holds for addresses, as elsewhere: a name is not resolved for it."""
    proxies(monkeypatch, PROXY, spared)
    assert (proxy_for(f"https://{host}/x") is None) is direct


@pytest.mark.parametrize("entry", ["10.*", "*example.org", "*.0.*", "10.0.0.0/99", "itsm.example.org/x"])
def test_an_entry_of_no_proxy_that_cannot_be_honoured_is_an_error_by_its_name(
    monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """Else requests would go another way than people think."""
    proxies(monkeypatch, PROXY, f"localhost,{entry}")
    with pytest.raises(Misconfigured, match=r"^NO_PROXY: the entry .* cannot be honoured") as refused:
        proxy_for("https://itsm.example.org")
    assert entry in str(refused.value)


def test_without_a_proxy_nobody_looks_at_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It spares from nothing."""
    proxies(monkeypatch, PROXY, "10.*")
    monkeypatch.delenv("HTTPS_PROXY")
    assert proxy_for("https://itsm.example.org") is None
